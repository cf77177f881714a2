import ArgumentParser
import ReadableText
import RocksDB
import Sequitur
import SequiturSettings
import SequiturWorker
import TerminalView

/// Which commands are decided again, and with what.
struct RehearsalOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Begin with the first command of each partition that is not older: 2026-11-30T08:00:00Z, milliseconds since "
        + "1970, or 24h for so long ago. (default: the oldest)", valueName: "time"))
  var from: String?

  @Option(
    help: ArgumentHelp(
      "End before the first command that is not older. (default: the last that has an outcome)",
      valueName: "time"))
  var to: String?

  @Option(
    .envelope,
    help: "The envelope of the workers that decided: cloudevents or compact. (default: cloudevents)")
  var envelope: String?

  @OptionGroup var deduplication: DeduplicationOptions

  @Option(.memory, help: "Memory for everything that grows with load, like 512MB. (default: 256MB)")
  var memory: String?

  @Option(
    name: .customLong("scratch-dir"),
    help: "Where objects beyond the memory go until the end. (default: the system's for temporary files)")
  var scratchDirectory: String?

  /// - Throws: a ``CommandFailure`` for a value that is not possible.
  func configuration(_ kafka: KafkaSettings, _ topics: TopicOptions) throws -> RehearsalConfiguration {
    let settings = kafka.settings
    var configuration = RehearsalConfiguration(applicationID: try topics.applicationID(settings))
    configuration.bootstrapServers = kafka.bootstrapServers
    configuration.topics = try topics.topics(settings)
    configuration.kafka = kafka.properties
    configuration.from = try MomentText.parse(from, of: "--from")
    configuration.to = try MomentText.parse(to, of: "--to")
    guard scratchDirectory != "" else {
      throw CommandFailure(
        "Expected --scratch-dir to name a directory, but it is empty. Name one, or leave it out.")
    }
    configuration.scratchDirectory = scratchDirectory
    try deduplication.apply(settings, to: &configuration.limits)
    if let envelope: Envelope = try settings.choice(envelope, .envelope) { configuration.envelope = envelope }
    if let bytes = try settings.size(memory, .memory) { configuration.memoryBytes = bytes }
    return configuration
  }
}

/// Work that a signal cancels, so that it tidies up before the process ends by that signal.
enum InterruptibleTask {
  /// - Throws: what `body` throws, a ``CommandFailure`` for what is wrong with topics or directories.
  static func run<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws
    -> Result
  {
    let task = Task { try await body() }
    let interrupt = Interrupt { task.cancel() }
    interrupt.watch()
    do {
      return try await task.value
    } catch is CancellationError {
      Terminal.clearProgress()
      interrupt.raise(interrupt.signal ?? 15)
    } catch let fault as RehearsalFault {
      throw CommandFailure("\(fault)")
    } catch let error as RocksDBError {
      throw CommandFailure(
        ShownText.line("\(error). Make room there, or name another directory: --scratch-dir.", atMost: nil))
    }
  }
}
