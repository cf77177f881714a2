/// When each command of a demo is sent.
///
/// Without a rate: two fifths as a shop on a quiet day would send them, so that people can watch, then the others
/// as fast as the broker takes them.
struct DemoPace: Sendable {
  /// The quiet time lasts so long at most, and is no quieter than so many commands a second.
  private static let quietSeconds = 5.0
  private static let quietRateMin = 2000.0

  private let rate: Double
  /// From this command on nothing is waited for.
  private let rushFrom: Int

  /// - Parameter rate: commands a second for all of them; nil for a quiet time and then a rush.
  init(_ rate: Double?, commands: Int) {
    guard let rate else {
      let quiet = commands * 2 / 5
      self.rate = max(Double(quiet) / Self.quietSeconds, Self.quietRateMin)
      rushFrom = quiet
      return
    }
    self.rate = rate
    rushFrom = .max
  }

  /// How long after the start a command is due, by its number from 0; nil for at once.
  func due(_ command: Int) -> Duration? {
    command < rushFrom ? .seconds(Double(command) / rate) : nil
  }
}
