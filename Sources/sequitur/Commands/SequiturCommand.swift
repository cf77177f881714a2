import ArgumentParser

/// `sequitur`: the root of the command line.
struct SequiturCommand: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "sequitur",
    abstract: "Commands in, events and rejections out, exactly once, on Kafka.",
    discussion: """
      A worker reads commands from a topic, judges each against its object's state, and writes either its \
      events to the valid topic or, with a reason, the command to the invalid topic.

      Every setting may instead be an environment variable (--lanes is SEQUITUR_LANES, --kafka a.b=c is \
      SEQUITUR_KAFKA_A_B=c) or a key of the file that --config names (lanes: 4, kafka: {a.b: c}). A flag goes \
      over the environment, the environment over the file.

      Exit codes: 0 done; 1 a fault was found; 2 wrong usage or configuration, no broker answers, or the result \
      cannot be written; 141 who read standard output has gone, as head does.
      """,
    version: version,
    subcommands: [
      DemoCommand.self, WorkerCommand.self, TopicsCommand.self, SubmitCommand.self, StateCommand.self,
      VerifyCommand.self, ResubmitCommand.self, RulesCommand.self, RehearseCommand.self, HistoryCommand.self,
      ViewCommand.self, BootstrapCommand.self, GatewayCommand.self, ProjectCommand.self, OutboxCommand.self,
    ])
}
