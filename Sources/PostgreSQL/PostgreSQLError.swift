/// What PostgreSQL, libpq, or this module's own guard in front of them refused to do.
///
/// Every throwing function of this module throws this type and no other, unless it rethrows what a closure threw.
///
/// **Secrets.** No error carries a password, nor a piece of the connection string. ``detail`` may quote values of rows
/// (`Key (id)=(7) already exists.`), so ``description`` leaves it out: show it where such values may be seen.
public struct PostgreSQLError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What the error asks of the caller.
  public var kind: Kind
  /// The goal, as a phrase that follows "Expected to": `run a statement`.
  public var operation: String
  /// The fact: the server's primary message, libpq's text, or this module's own words.
  public var message: String
  /// The server's code, nil when the server did not say it.
  public var sqlState: SQLState?
  /// `ERROR`, `FATAL` or `PANIC`, untranslated; nil when the server did not say it.
  public var severity: String?
  /// The server's secondary message. It may quote values of rows.
  public var detail: String?
  /// The server's suggestion.
  public var hint: String?
  /// Where the server was: the call stack of functions, the line of a COPY.
  public var context: String?
  /// The schema of ``table``, where the error is about one.
  public var schema: String?
  /// The table that the error is about.
  public var table: String?
  /// The column that the error is about.
  public var column: String?
  /// The data type that the error is about.
  public var dataType: String?
  /// The constraint that was broken.
  public var constraint: String?
  /// The character of the statement that the error is about, counted from 1.
  public var position: Int?
  /// The statement's number in a pipeline, from 0; nil for statements that ran alone.
  public var statementIndex: Int?
  /// `host:port/database`, where a connection was there or was tried.
  public var server: String?
  /// The transaction may have been committed or not: the connection was lost while it was.
  public var isOutcomeUnknown = false

  /// Creates an error; the module does it, and so may a test double.
  public init(
    kind: Kind, operation: String, message: String, sqlState: SQLState? = nil, severity: String? = nil
  ) {
    self.kind = kind
    self.operation = operation
    self.message = message
    self.sqlState = sqlState
    self.severity = severity
  }

  /// The connection is of no more use: close it and make another.
  public var isConnectionLost: Bool { kind == .connectionLost || kind == .cannotConnect }
  /// The whole transaction may succeed when it is run again.
  public var isRetryable: Bool { kind == .retryable }

  /// `Expected to run a statement, but … (23505, table public.orders, constraint orders_pkey)`.
  ///
  /// Without ``detail``, which may quote values of rows.
  public var description: String {
    var facts: [String] = []
    if let sqlState { facts.append(sqlState.description) }
    if let table { facts.append("table \(schema.map { "\($0)." } ?? "")\(table)") }
    if let column { facts.append("column \(column)") }
    if let constraint { facts.append("constraint \(constraint)") }
    if let position { facts.append("at character \(position)") }
    if let statementIndex { facts.append("statement \(statementIndex) of the pipeline") }
    if let server { facts.append("server \(server)") }
    let places = facts.isEmpty ? "" : " (\(facts.joined(separator: ", ")))"
    let open = isOutcomeUnknown ? "; whether the transaction was committed is not known" : ""
    let cure = hint.map { "; \($0)" } ?? ""
    return "Expected to \(operation), but \(message)\(places)\(open)\(cure)"
  }
}

extension PostgreSQLError {
  /// What an error asks of the caller: extensible, so compare and keep a default branch.
  public struct Kind: Hashable, Sendable, CustomStringConvertible {
    /// The kind's name, in camel case.
    public let description: String

    /// Makes a kind that this module does not know.
    public init(_ name: String) { description = name }

    /// No connection came about: the address, the credentials, the database's name, or a server that is not up.
    public static let cannotConnect = Kind("cannotConnect")
    /// The connection is gone, whoever ended it.
    public static let connectionLost = Kind("connectionLost")
    /// The server did not answer in time; the connection cannot be used any more.
    public static let timedOut = Kind("timedOut")
    /// A conflict with another transaction (40001, 40P01): run the whole transaction again.
    public static let retryable = Kind("retryable")
    /// A lock was not granted in time, or at once where that was asked for (55P03).
    public static let lockNotAvailable = Kind("lockNotAvailable")
    /// A constraint is broken (class 23).
    public static let constraint = Kind("constraint")
    /// A value does not fit its type or its use (class 22).
    public static let data = Kind("data")
    /// The role lacks a right (42501).
    public static let missingRight = Kind("missingRight")
    /// A table, column, function … is not there or is ambiguous, or the statement is no SQL (the rest of class 42, 3F000).
    public static let statement = Kind("statement")
    /// The server lacks something: disk, memory, connections (class 53), or a limit is reached (class 54).
    public static let resources = Kind("resources")
    /// The statement was cancelled, by a user or by `statement_timeout` (57014).
    public static let cancelled = Kind("cancelled")
    /// The object is not in the state that the statement needs (the rest of class 55).
    public static let objectState = Kind("objectState")
    /// A transaction was to be committed and was rolled back: a statement of it had failed.
    public static let rolledBack = Kind("rolledBack")
    /// A text holds the character NUL, which PostgreSQL cannot store.
    public static let nulInText = Kind("nulInText")
    /// This module's own refusal of what the caller passed.
    public static let invalidArgument = Kind("invalidArgument")
    /// Any other one: read ``PostgreSQLError/sqlState`` and ``PostgreSQLError/message``.
    public static let other = Kind("other")

    /// The kind of an error that the server reported.
    init(_ state: SQLState) {
      self =
        Self.single[state] ?? Self.classes[state.classCode] ?? .other
    }

    private static let single: [SQLState: Kind] = [
      .serializationFailure: .retryable, .deadlockDetected: .retryable,
      .lockNotAvailable: .lockNotAvailable, .insufficientPrivilege: .missingRight, .queryCanceled: .cancelled,
      .adminShutdown: .connectionLost, .crashShutdown: .connectionLost, .cannotConnectNow: .connectionLost,
      .databaseDropped: .connectionLost, .idleSessionTimeout: .connectionLost,
      .idleInTransactionSessionTimeout: .connectionLost,
    ]

    private static let classes: [String: Kind] = [
      "08": .connectionLost, "22": .data, "23": .constraint, "3F": .statement, "42": .statement,
      "53": .resources, "54": .resources, "55": .objectState,
    ]
  }
}
