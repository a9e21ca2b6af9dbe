/** What shows before the first answer: the outline of the page, so that nothing jumps. */
export function Loading() {
  return (
    <div class="page">
      <main id="content" class="content" aria-busy="true">
        <p class="visually-hidden">Loading</p>
        <div class="tiles" aria-hidden="true">
          <div class="tile ghost" />
          <div class="tile ghost" />
          <div class="tile ghost" />
        </div>
        <div class="cards" aria-hidden="true">
          <div class="card ghost ghost-tall" />
          <div class="card ghost ghost-tall" />
        </div>
      </main>
    </div>
  );
}
