import KafkaClient
import Logging
import PostgreSQL
import ReadableText

/// Tells trouble once when it begins, again once a minute while it goes on, and that it is over. One thread's.
struct IncidentLog {
  private let logger: Logger
  private let place: String
  private var current: String?
  private var began = ContinuousClock.now
  private var told = ContinuousClock.now

  init(_ logger: Logger, place: String) {
    self.logger = logger
    self.place = place
  }

  /// A step failed, and will be made again.
  mutating func failed(_ step: String, _ error: any Error) {
    let cause = Self.cause(error)
    let now = ContinuousClock.now
    let isNews = current != cause
    guard isNews || now - told >= OutboxLimits.reminder else { return }
    if current == nil { began = now }
    current = cause
    told = now
    var metadata: Logger.Metadata = [
      "outbox": "\(place)", "step": "\(step)", "error": "\(ShownText.line("\(error)", atMost: 1_000))",
    ]
    if let cure = Self.cure(error) { metadata["cure"] = "\(cure)" }
    if !isNews { metadata["seconds"] = "\((now - began).components.seconds)" }
    logger.warning("the outbox waits: \(cause)", metadata: metadata)
  }

  /// A step that had failed succeeded.
  mutating func succeeded() {
    guard let current else { return }
    logger.notice(
      "the outbox goes on",
      metadata: [
        "outbox": "\(place)", "after": "\(current)",
        "seconds": "\((ContinuousClock.now - began).components.seconds)",
      ])
    self.current = nil
  }

  /// What it is, in a few words that stay the same while it goes on.
  private static func cause(_ error: any Error) -> String {
    switch error {
    case let error as PostgreSQLError:
      switch error.kind {
      case .cannotConnect, .connectionLost, .timedOut: "the database is away"
      case .lockNotAvailable: "another transaction holds rows locked"
      case .missingRight: "a right on the database is missing"
      case .statement: "the table is not as it was"
      case .resources: "the database lacks resources"
      default: "the database refuses a statement"
      }
    case let error as KafkaError:
      switch error.severity {
      case .fenced: "the producer was fenced"
      default: error.isRetriable ? "the brokers do not answer" : "the brokers refuse the commands"
      }
    case let fault as OutboxFault where fault.kind == .database: "the table is not as it was"
    default: "a step failed"
    }
  }

  private static func cure(_ error: any Error) -> String? {
    switch error {
    case let error as PostgreSQLError:
      switch error.kind {
      case .lockNotAvailable:
        "End the transaction that holds them: pg_blocking_pids and pg_stat_activity name it. Rows of an outbox are not to "
          + "be changed."
      case .missingRight:
        "Grant the role select and delete on the table, select and insert on the parked one: "
          + "`sequitur outbox create --print --role ROLE` prints it."
      case .statement: "`sequitur outbox create` makes the tables; --table and --column name others."
      case _ where error.sqlState?.description == "25006":
        "The database is a standby: lead the connection to the primary (target_session_attrs=read-write)."
      default: nil
      }
    case let error as KafkaError: error.cure
    default: nil
    }
  }
}
