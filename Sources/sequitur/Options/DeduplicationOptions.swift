import ArgumentParser
import ReadableText
import Sequitur
import SequiturSettings
import TerminalView

/// How repeated commands are known.
struct DeduplicationOptions: ParsableArguments {
  @Option(.recentIDs) var recentIDs: Int?
  @OptionGroup var forgetting: ForgettingOptions

  /// Sets what the options say.
  /// - Throws: a ``CommandFailure`` for a value that is not possible.
  func apply(_ settings: Settings, to limits: inout Limits) throws {
    limits.recentCommandIDsMax = try settings.integer(recentIDs, .recentIDs) ?? limits.recentCommandIDsMax
    limits.forgetAfter = try forgetting.forgetAfter(settings) ?? limits.forgetAfter
  }
}

/// How long the ids of forgotten objects are kept.
struct ForgettingOptions: ParsableArguments {
  @Option(.forgetAfter) var forgetAfter: String?

  /// - Throws: a ``CommandFailure`` for a value that is not possible.
  func forgetAfter(_ settings: Settings) throws -> Duration? {
    guard let duration = try settings.duration(forgetAfter, .forgetAfter) else { return nil }
    guard duration <= Limits.forgetAfterMax else {
      throw CommandFailure(
        "Expected \(settings.origin(forgetAfter, .forgetAfter)) to be at most 168h, but it is more.")
    }
    return duration
  }
}
