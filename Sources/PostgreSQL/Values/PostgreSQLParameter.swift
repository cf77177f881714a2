/// A value for `$1`, `$2` … of a statement.
///
/// Text is sent without a type: the server takes it for what the statement makes of it, a column's type or a cast's
/// (`$1::bigint`, `$1::jsonb`). So `text` serves for every type that has a text form, and `textArray` for every array.
public enum PostgreSQLParameter: Sendable, Hashable {
  /// SQL's NULL.
  case null
  /// A value in its text form. It must not hold the character NUL.
  case text(String)
  /// Bytes of the type `bytea`.
  case bytes([UInt8])
  /// An array of values in their text form, such as for `unnest($1::text[])`; nil is NULL.
  case textArray([String?])
  /// An array of whole numbers, such as for `= any($1::bigint[])`; nil is NULL.
  case integerArray([Int64?])
  /// An array of the type `bytea[]`; nil is NULL.
  case bytesArray([[UInt8]?])
  /// An array that was written value by value.
  case array(PostgreSQLArray)

  /// A whole number.
  public static func integer(_ value: some BinaryInteger) -> PostgreSQLParameter { .text(String(value)) }
  /// A floating-point number; the text form keeps every bit, and infinities and NaN.
  public static func number(_ value: Double) -> PostgreSQLParameter {
    if value.isNaN { return .text("NaN") }
    return .text(value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : "\(value)")
  }
  /// A truth value.
  public static func boolean(_ value: Bool) -> PostgreSQLParameter { .text(value ? "true" : "false") }
  /// The text, or NULL.
  public static func optionalText(_ value: String?) -> PostgreSQLParameter {
    value.map { .text($0) } ?? .null
  }
}

extension PostgreSQLParameter: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByNilLiteral, ExpressibleByBooleanLiteral
{
  /// A text.
  public init(stringLiteral value: String) { self = .text(value) }
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// NULL.
  public init(nilLiteral: ()) { self = .null }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
}
