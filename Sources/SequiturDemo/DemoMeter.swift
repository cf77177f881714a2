/// Measures how many commands a second are processed, in windows of half a second.
struct DemoMeter {
  private static let interval = Duration.milliseconds(250)
  private static let ratesMax = 120

  /// The newest last.
  private(set) var rates: [Double] = []
  private(set) var rateMax = 0.0
  /// The counts at the ends of the last intervals; a rate looks two intervals back.
  private var counts: [(time: ContinuousClock.Instant, commands: Int)] = []
  private var servedAt: ContinuousClock.Instant?
  private var last: (time: ContinuousClock.Instant, commands: Int)?

  /// From the first partition served to the last command.
  var processing: Duration {
    guard let servedAt, let last else { return .zero }
    return last.time - servedAt
  }

  /// Takes note of how many commands were processed by now.
  mutating func measure(_ commands: Int, isServing: Bool) {
    let now = ContinuousClock.now
    if isServing, servedAt == nil { servedAt = now }
    guard servedAt != nil else { return }
    if commands != last?.commands { last = (now, commands) }
    if let newest = counts.last, now - newest.time < Self.interval { return }
    counts.append((now, commands))
    guard counts.count > 1 else { return }
    let earlier = counts[max(0, counts.count - 3)]
    let rate = Double(commands - earlier.commands) / ((now - earlier.time) / .seconds(1))
    rates.append(rate)
    rateMax = max(rateMax, rate)
    if rates.count > Self.ratesMax { rates.removeFirst() }
    if counts.count > 3 { counts.removeFirst() }
  }
}
