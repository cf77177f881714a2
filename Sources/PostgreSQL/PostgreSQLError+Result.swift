import CPostgreSQL

extension PostgreSQLError {
  /// The error that a result carries.
  init(_ result: OpaquePointer, operation: String) {
    func field(_ field: pq_shim_field) -> String? {
      pq_shim_error_field(result, field).map { String(cString: $0) }
    }
    let state = field(PQ_SHIM_SQLSTATE).flatMap { SQLState($0) }
    let severity = field(PQ_SHIM_SEVERITY)
    let ended = severity == "FATAL" || severity == "PANIC"
    self.init(
      kind: ended ? .connectionLost : state.map { Kind($0) } ?? .other, operation: operation,
      message: field(PQ_SHIM_MESSAGE) ?? Self.oneLine(PQresultErrorMessage(result)), sqlState: state,
      severity: severity)
    detail = field(PQ_SHIM_DETAIL)
    hint = field(PQ_SHIM_HINT)
    context = field(PQ_SHIM_CONTEXT)
    schema = field(PQ_SHIM_SCHEMA)
    table = field(PQ_SHIM_TABLE)
    column = field(PQ_SHIM_COLUMN)
    dataType = field(PQ_SHIM_DATATYPE)
    constraint = field(PQ_SHIM_CONSTRAINT)
    position = field(PQ_SHIM_POSITION).flatMap { Int($0) }
  }

  /// libpq's text for people, which may have several lines, as one phrase.
  static func oneLine(_ text: UnsafePointer<CChar>?) -> String {
    guard let text else { return "libpq gives no reason" }
    return oneLine(String(cString: text))
  }

  static func oneLine(_ text: String) -> String {
    let lines = text.split { $0.isNewline }.map { $0.trimmingSpaces }.filter { !$0.isEmpty }
    return lines.isEmpty ? "libpq gives no reason" : lines.joined(separator: " ")
  }

  /// The same error with another goal.
  func whileTrying(to operation: String) -> PostgreSQLError {
    var error = self
    error.operation = operation
    return error
  }
}

extension Substring {
  /// Without spaces and tabs at both ends.
  var trimmingSpaces: Substring {
    let rest = drop { $0 == " " || $0 == "\t" }
    guard let last = rest.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return rest.prefix(0) }
    return rest[...last]
  }
}
