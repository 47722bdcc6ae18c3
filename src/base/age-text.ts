// A time span as PostgreSQL shows an interval, in whole seconds: "00:01:05", "2 days 10:00:00".

export function ageText(seconds: number): string {
  const whole = Math.floor(seconds);
  const days = Math.floor(whole / 86_400);
  const clock = [Math.floor(whole / 3_600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  const time = clock.map((part) => String(part).padStart(2, "0")).join(":");
  return days === 0 ? time : `${days} ${days === 1 ? "day" : "days"} ${time}`;
}
