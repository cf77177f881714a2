import ArgumentParser
import BlockingThreads
import PostgreSQL
import SequiturHTTP
import SequiturOutbox
import SequiturSettings
import TerminalView

/// `sequitur outbox`.
struct OutboxCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "outbox", abstract: "Send the rows of a database's table as commands, each once.",
    discussion: """
      A row that is inserted in the transaction that changes the data is sent once when that transaction is committed, and \
      not at all when it is rolled back. docs/outbox.md says how, and what an outbox makes unnecessary.
      """,
    subcommands: [OutboxCreateCommand.self, OutboxRunCommand.self, OutboxStatusCommand.self])
}

/// `sequitur outbox create`.
struct OutboxCreateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make the tables, or print the SQL that does.",
    discussion: """
      The table for rows, and beside it one for rows that cannot be sent. What is there is left as it is.
      """)

  @OptionGroup var database: PostgreSQLOptions
  @Option(help: .config) var config: String?
  @Option(help: ArgumentHelp("The table with the rows.", valueName: "[schema.]table")) var table = "outbox"
  @Option(help: "A role that gets the least rights of a relay; it is made when it is not there.") var role:
    String?
  @Option(help: "Ring on this channel (NOTIFY) at each statement that inserts; costs writers commits.")
  var bell: String?
  @Flag(help: "Print the SQL, and do nothing.") var print = false

  func run() async throws {
    do {
      let sql = try OutboxSchema(OutboxTable(name: table), role: role, channel: bell).sql()
      if print { return try Output.print(sql) }
      let target = try database.connectionString(try Settings(file: config))
      try await withBlockingThread("outbox-create", throwing: { try Self.make(sql, on: target) })
      try Output.print("\(table) and \(OutboxTable(name: table).parkedName): there")
    } catch let error as PostgreSQLError {
      throw CommandFailure(error)
    }
  }

  private static func make(_ sql: String, on target: String) throws {
    try PostgreSQLConnection(target, applicationName: "sequitur outbox create").execute(sql)
  }
}

/// `sequitur outbox run`.
struct OutboxRunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Relay rows until SIGTERM or SIGINT.",
    discussion: """
      The oldest rows go out first, those of one key in the order of their ids, and are deleted. A relay that is started \
      beside another one of the same name takes over from it; the other one ends with 1 and says so. Database and brokers \
      are waited for. Rows that cannot be sent are parked with their reason.
      """)

  @OptionGroup var outbox: OutboxOptions
  @OptionGroup var http: HTTPOptions
  @Option(help: "Select rows and delete them (poll), or read the database's log (tail).")
  var mode = OutboxConfiguration.Mode.poll
  @Option(
    help: ArgumentHelp(
      "The replication slot of --mode tail (default: of application id and name).", valueName: "name"))
  var slot: String?
  @Flag(
    name: .customLong("new-slot"), help: "Begin at the log's end, whatever was lost with the former slot.")
  var newSlot = false
  @Option(help: "Spread the keys over so many producers and connections, 1 to 64.") var shards = 2
  @Option(help: "Also listen on this channel for new rows.") var bell: String?
  @Flag(name: .customLong("until-empty"), help: "End when there is no row.") var untilEmpty = false
  @Flag(help: .json) var json = false

  func run() async throws {
    var (configuration, settings) = try outbox.configuration()
    configuration.mode = mode
    configuration.slot = slot
    configuration.makesNewSlot = newSlot
    configuration.shards = shards
    configuration.bell = bell
    configuration.stopsWhenEmpty = untilEmpty
    let plan = try http.plan(settings.settings, isOnByDefault: false)
    let relay: OutboxRelay
    do {
      relay = try OutboxRelay(configuration)
    } catch {
      throw Self.failure(error)
    }
    let interrupt = Interrupt { relay.stop() }
    interrupt.watch()
    try await Self.run(relay, configuration, plan, settings)
    try OutboxPrinter(json: json).show(relay.figures)
  }

  /// Runs the relay, with its door open where there is to be one.
  private static func run(
    _ relay: OutboxRelay, _ configuration: OutboxConfiguration, _ plan: HTTPOptions.Plan?,
    _ settings: KafkaSettings
  ) async throws {
    guard let plan else { return try await run(relay) }
    let service = OutboxService(relay, configuration, settings: ServiceStatus.Setting.all(settings))
    let looks = Task { await service.run() }
    defer { looks.cancel() }
    try await OpenDoor.around(plan, service, logger: settings.logger) { try await run(relay) }
  }

  private static func run(_ relay: OutboxRelay) async throws {
    do {
      try await relay.run()
    } catch {
      throw failure(error)
    }
  }

  /// An error with its exit code: what another relay did is no wrong usage.
  static func failure(_ error: any Error) -> any Error {
    switch error {
    case let fault as OutboxFault:
      CommandFailure(
        fault.description, status: [.superseded, .lost].contains(fault.kind) ? .foundFault : .wrongUsage)
    case let error as PostgreSQLError: CommandFailure(error)
    default: error
    }
  }
}

/// `sequitur outbox status`.
struct OutboxStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say how many rows wait or are parked, and which relay serves them.",
    discussion: """
      Ends with 1 when rows are parked.
      """)

  @OptionGroup var outbox: OutboxOptions
  @Flag(help: .json) var json = false

  func run() async throws {
    let status: OutboxStatus
    do {
      status = try await OutboxStatus.read(try outbox.configuration().0)
    } catch {
      throw OutboxRunCommand.failure(error)
    }
    try OutboxPrinter(json: json).show(status)
    if !status.parked.isEmpty { throw CommandFailure.reportedFault }
  }
}
