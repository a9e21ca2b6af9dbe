/** The files of a card, to be saved, and what to do with them. */
import { useEffect, useState } from 'preact/hooks';
import type { BoardView, CardView } from '../../../../core/wire/cards.js';
import { wiringUrl } from '../api/client.js';
import { fullTime } from '../format/time.js';
import { Badge } from './parts.js';

export function CardFilesView({ card, board }: { card: CardView; board: BoardView }) {
  const links = useFileLinks(card);
  return (
    <div class="card add-device">
      <h3>{card.thing}</h3>
      {card.warning !== null && (
        <p>
          <Badge tone="warn" icon="warning">
            Not reachable yet
          </Badge>{' '}
          {card.warning}
        </p>
      )}
      <ol>
        <li>Flash Raspberry Pi OS Lite (trixie, of October 2025 or newer) onto a card.</li>
        <li>
          Save these files onto its first partition, over those that are there:
          <ul class="add-device-files">
            {links.map(({ name, url }) => (
              <li key={name}>
                <a href={url} download={name}>
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </li>
        <li>
          Wire it with the power off:{' '}
          <a href={wiringUrl(board.name)} target="_blank" rel="noreferrer">
            drawing
          </a>
          .
        </li>
        <li>
          Switch it on. It installs itself from this Gatehouse, which takes some minutes, and restarts.
          {board.claimsOnPress
            ? ' Then press the button: the device shows up here.'
            : ' Then it shows up here by itself.'}
        </li>
      </ol>
      <p class="card-note">
        The files hold a key to this one device: it must have shown up by{' '}
        {fullTime(Date.parse(card.expiresAt))}.
      </p>
    </div>
  );
}

interface FileLink {
  readonly name: string;
  readonly url: string;
}

/** Addresses within this page, which end with it. */
function useFileLinks({ files }: CardView): readonly FileLink[] {
  const [links, setLinks] = useState<readonly FileLink[]>([]);
  useEffect(() => {
    const made = Object.entries(files).map(([name, text]) => ({
      name,
      url: URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' })),
    }));
    setLinks(made);
    return () => {
      for (const { url } of made) URL.revokeObjectURL(url);
    };
  }, [files]);
  return links;
}
