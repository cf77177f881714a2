import ArgumentParser
import LifecycleRules
import SequiturWorker

/// `sequitur worker`.
struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Process commands until told to stop.")

  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions
  @OptionGroup var worker: WorkerOptions

  func run() async throws {
    let settings = try kafka.resolve(defaultLogLevel: .info)
    let configuration = try worker.configuration(settings, topics)
    guard let path = worker.rulesPath(settings.settings) else {
      throw CommandFailure("Expected --rules FILE, but no rules are named. They decide over the commands.")
    }
    _ = try Rules.load(path)
    throw CommandFailure("The worker of \(configuration.applicationID) cannot be run yet.")
  }
}
