import ArgumentParser
import ReadableText
import SequiturOutbox
import SequiturTopics
import TerminalView

/// Which outbox is meant, and how its table looks.
struct OutboxTableOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The table with the rows (default: outbox).", valueName: "[schema.]table"))
  var table: String = "outbox"

  @Option(
    help: ArgumentHelp(
      "A column of another name, or none: key=aggregate_id, headers=. May be repeated; roles are id, key, type, payload, headers, command-id, created-at.",
      valueName: "role=name"))
  var column: [String] = []

  /// - Throws: a ``CommandFailure`` for what is no mapping.
  func value() throws -> OutboxTable {
    var outbox = OutboxTable(name: table)
    for text in column {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, let role = OutboxTable.Role(rawValue: parts[0]),
        role.isOptional || !parts[1].isEmpty
      else {
        let roles = OutboxTable.Role.allCases.map(\.rawValue).joined(separator: ", ")
        throw CommandFailure(
          "Expected --column ROLE=NAME with a role of \(roles), but it is `\(ShownText.line(text, atMost: 80))`. Only id and "
            + "key must have a column.")
      }
      outbox.columns[role] = parts[1]
    }
    return outbox
  }
}

/// What all subcommands of `outbox` that relay or look share.
struct OutboxOptions: ParsableArguments {
  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var database: PostgreSQLOptions
  @OptionGroup var table: OutboxTableOptions
  @Option(.applicationID) var applicationID: String?
  @Option(.commandsTopic, help: "Where the rows go.") var commandsTopic: String?
  @Option(help: "The outbox's name, for applications with several.") var name = "outbox"

  /// - Throws: a ``CommandFailure`` that names what is wrong.
  func configuration() throws -> (OutboxConfiguration, KafkaSettings) {
    let settings = try kafka.resolve(defaultLogLevel: .notice)
    let application = try settings.settings.text(applicationID, .applicationID) ?? "sequitur"
    var names = TopicNames(applicationID: application)
    names.commands = try settings.settings.text(commandsTopic, .commandsTopic) ?? names.commands
    let faults = names.nameFaults(
      of: application, in: [.commands], idSource: settings.settings.origin(applicationID, .applicationID)
    ) { _ in settings.settings.origin(commandsTopic, .commandsTopic) }
    guard faults.isEmpty else { throw CommandFailure("\(TopicFaults(faults: faults))") }
    var configuration = OutboxConfiguration(
      database: try database.connectionString(settings.settings), applicationID: application,
      topic: names.commands, kafka: settings.client(), logger: settings.logger)
    configuration.name = name
    configuration.table = try table.value()
    return (configuration, settings)
  }
}

extension OutboxConfiguration.Mode: ExpressibleByArgument {}
