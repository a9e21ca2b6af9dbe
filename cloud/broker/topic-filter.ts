/** Whether a filter takes in a topic [MQTT-4.7.1]. Neither is checked here. */
export function takesIn(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  // A wildcard at the beginning stands for no topic of the server's own [MQTT-4.7.2-1].
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (levels[index] === undefined || (level !== '+' && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}
