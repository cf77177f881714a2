import ArgumentParser
import CoreMetrics
import ReadableText
import SequiturFollower
import SequiturHTTP
import SequiturMetrics
import SequiturProjections
import TerminalView

/// `sequitur project`.
struct ProjectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "project", abstract: "Apply events to the tables of a database, each exactly once.",
    discussion: """
      A file says which events become which rows: docs/projections.md. `sequitur project FILE` applies them to PostgreSQL or \
      SQLite, until SIGTERM or SIGINT:

        sequitur project orders.yaml --database postgres://app@db/shop

      Several instances share the partitions; give each an --instance-id. Where a projection stands is in the database, and \
      moves with the rows in one transaction: whatever is killed, whenever, no event is applied twice, and none is left out. \
      Passwords are libpq's affair: PGPASSFILE, PGSERVICE.

      Ends with 2 when file, database and topic do not fit each other, with 1 when the topic cannot be read exactly, or when \
      a run with --until-caught-up leaves a partition waiting.
      """,
    subcommands: [
      ProjectRunCommand.self, ProjectCheckCommand.self, ProjectSQLCommand.self, ProjectStatusCommand.self,
      ProjectPauseCommand.self, ProjectResumeCommand.self, ProjectRetryCommand.self, ProjectSkipCommand.self,
      ProjectResetCommand.self,
    ],
    defaultSubcommand: ProjectRunCommand.self)
}

/// `sequitur project FILE`.
struct ProjectRunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Apply events; the default.",
    discussion: """
      Goes on until SIGTERM or SIGINT, and ends with 0 then. Trouble of the broker and of the database is waited for, and told \
      on standard error.
      """)

  @OptionGroup var file: ProjectionFileArgument
  @OptionGroup var kafka: KafkaOptions
  @OptionGroup var topics: TopicOptions
  @Option(.database) var database: String?
  @Option(.instanceID, help: "Names this instance for ever, so that a restart in place moves no partition.")
  var instanceID: String?

  @Flag(name: .customLong("create-tables"), help: "Make the tables that are missing.")
  var createTables = false

  @Flag(name: .customLong("until-caught-up"), help: "End when what was committed at the start is applied.")
  var untilCaughtUp = false

  @Option(help: "How many connections to PostgreSQL at most; partitions share them.")
  var connections = 4

  @OptionGroup var http: HTTPOptions

  func validate() throws {
    guard 1...64 ~= connections else { throw ValidationError("Expected --connections to be 1 to 64.") }
  }

  func run() async throws {
    let definition = try file.definition()
    let settings = try kafka.resolve(defaultLogLevel: .info)
    let plan = try http.plan(settings.settings, isOnByDefault: false)
    let metrics = PrometheusMetrics(ProjectionMetric.allCases.map(\.definition))
    if plan != nil { MetricsSystem.bootstrap(metrics) }
    var configuration = ProjectorConfiguration(
      definition: definition, database: try DatabaseOptions.address(database, settings.settings),
      kafka: settings.client(),
      topics: try topics.topics(settings.settings, for: [.commands, .valid, .changelog]),
      of: try topics.applicationID(settings.settings), logger: settings.logger)
    let instance = try settings.settings.text(instanceID, .instanceID)
    configuration.instanceID = instance?.isEmpty == false ? instance : nil
    configuration.createsTables = createTables
    configuration.stopsWhenCaughtUp = untilCaughtUp
    configuration.connectionsMax = connections
    let projector = Projector(configuration)
    let interrupt = Interrupt { projector.stop() }
    interrupt.watch()
    let service = ProjectorService(
      projector: projector, configuration: configuration, metricsSystem: metrics,
      settings: ServiceStatus.Setting.all(settings))
    try await OpenDoor.around(plan, service, logger: settings.logger) {
      do {
        try await ProjectFailures.told { try await projector.run() }
      } catch let failure as FollowFailure {
        throw CommandFailure(ShownText.line("\(failure)", atMost: nil), status: .foundFault)
      }
    }
    let done = projector.statistics.snapshot
    settings.logger.info(
      "the projection has ended",
      metadata: [
        "events": "\(done.events)", "transactions": "\(done.transactions)",
        "projection": "\(definition.name)",
      ])
    if let signal = interrupt.signal, untilCaughtUp { interrupt.raise(signal) }
  }
}

/// `sequitur project check`.
struct ProjectCheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Name every fault of a projection's file with its line and column.",
    discussion: """
      With --database every statement is prepared as well, so that a missing table or column is known before the first \
      event. Nothing is changed.
      """)

  @OptionGroup var file: ProjectionFileArgument
  @Option(.database) var database: String?
  @Flag(help: .json) var json = false

  func run() async throws {
    let check = try file.check()
    let lacking = try database.flatMap { address in
      try check.definition.map { definition in
        try ProjectFailures.told {
          try ProjectionControl(definition, try DatabaseAddress(address)).databaseFaults()
        }
      }
    }
    if json {
      try Output.print(json: check.json(databaseFaults: lacking))
    } else {
      for fault in check.faults { Terminal.printError("\(fault)") }
      for fault in lacking ?? [] { Terminal.printError(ShownText.line("\(fault).", atMost: nil)) }
    }
    guard let definition = check.definition, lacking?.isEmpty != false else {
      throw CommandFailure.reportedFault
    }
    guard !json else { return }
    let table = definition.table.map { " into \($0.shownName)" } ?? ""
    let count = definition.rules.count + (definition.otherwise == nil ? 0 : 1)
    try Output.print(
      "\(ShownText.line(file.file, atMost: nil)): \(definition.name), generation \(definition.generation), projects "
        + "\(count.counted("event type"))\(table)")
  }
}

/// `sequitur project sql`.
struct ProjectSQLCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql", abstract: "Print the tables that a projection needs, as SQL.")

  @OptionGroup var file: ProjectionFileArgument

  @Option(help: ArgumentHelp("postgres or sqlite.", valueName: "name"))
  var dialect = DatabaseDialect.postgreSQL

  func run() async throws {
    let statements = ProjectionSchema.statements(try file.definition(), dialect)
    try Output.print(statements.map { "\($0);" }.joined(separator: "\n\n"))
  }
}

extension DatabaseDialect: ExpressibleByArgument {}
