/// A message of pgoutput, version 1 of its protocol (PostgreSQL's manual, "Logical Replication Message Formats"). Pure.
enum LogMessage: Hashable {
  /// A transaction that was committed begins; its commit stands there.
  case begin(commit: LogPosition)
  /// It ends; the log behind it begins there.
  case commit(end: LogPosition)
  /// What `pg_logical_emit_message` wrote.
  case message(isTransactional: Bool, prefix: String, content: [UInt8])
  /// How a table looks whose rows follow.
  case relation(LogRelation)
  /// A row was inserted.
  case insert(relation: UInt32, values: [LogValue])
  /// What says nothing here: other changes, types, origins.
  case other

  /// Why a message cannot be read.
  struct Unreadable: Error, Hashable {
    let kind: Character
  }

  init(_ bytes: [UInt8]) throws(Unreadable) {
    let kind = bytes.first.map { Character(UnicodeScalar($0)) } ?? "?"
    do throws(ByteCursor.TooShort) {
      self = try Self.read(kind, ByteCursor(bytes, from: 1))
    } catch {
      throw Unreadable(kind: kind)
    }
  }

  private static func read(_ kind: Character, _ start: ByteCursor) throws(ByteCursor.TooShort) -> LogMessage {
    var cursor = start
    switch kind {
    case "B": return .begin(commit: LogPosition(try cursor.number(UInt64.self)))
    case "C":
      _ = try cursor.take(1 + 8)
      return .commit(end: LogPosition(try cursor.number(UInt64.self)))
    case "M":
      let flags = try cursor.byte()
      _ = try cursor.take(8)
      let prefix = try cursor.text()
      let count = Int(try cursor.number(Int32.self))
      return .message(isTransactional: flags & 1 == 1, prefix: prefix, content: try cursor.take(count))
    case "R": return .relation(try LogRelation(&cursor))
    case "I":
      let relation = try cursor.number(UInt32.self)
      guard try cursor.byte() == UInt8(ascii: "N") else { throw ByteCursor.TooShort() }
      return .insert(relation: relation, values: try values(&cursor))
    case "U", "D", "T", "O", "Y": return .other
    default: throw ByteCursor.TooShort()
    }
  }

  private static func values(_ cursor: inout ByteCursor) throws(ByteCursor.TooShort) -> [LogValue] {
    let count = Int(try cursor.number(Int16.self))
    var values: [LogValue] = []
    for _ in 0..<max(0, count) {
      switch try cursor.byte() {
      case UInt8(ascii: "n"), UInt8(ascii: "u"): values.append(.null)
      case UInt8(ascii: "t"), UInt8(ascii: "b"):
        let length = Int(try cursor.number(Int32.self))
        values.append(.text(try cursor.take(length)))
      default: throw ByteCursor.TooShort()
      }
    }
    return values
  }
}

/// A value of a row, in its text form.
enum LogValue: Hashable {
  case null
  case text([UInt8])

  var bytes: [UInt8]? {
    if case .text(let bytes) = self { bytes } else { nil }
  }
}

/// How a table looks.
struct LogRelation: Hashable {
  struct Column: Hashable {
    let name: String
    /// As `pg_type` numbers it.
    let type: UInt32
  }

  let id: UInt32
  let schema: String
  let name: String
  let columns: [Column]

  init(_ cursor: inout ByteCursor) throws(ByteCursor.TooShort) {
    id = try cursor.number(UInt32.self)
    schema = try cursor.text()
    name = try cursor.text()
    _ = try cursor.byte()
    let count = Int(try cursor.number(Int16.self))
    var columns: [Column] = []
    for _ in 0..<max(0, count) {
      _ = try cursor.byte()
      let name = try cursor.text()
      let type = try cursor.number(UInt32.self)
      _ = try cursor.take(4)
      columns.append(Column(name: name, type: type))
    }
    self.columns = columns
  }

  init(id: UInt32, schema: String, name: String, columns: [Column]) {
    self.id = id
    self.schema = schema
    self.name = name
    self.columns = columns
  }
}
