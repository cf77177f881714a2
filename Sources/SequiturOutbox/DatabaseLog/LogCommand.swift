import JSONFields

/// A command out of the database's log, before it is judged.
struct LogCommand: Hashable {
  var key: [UInt8]?
  var type: [UInt8]?
  var payload: [UInt8]?
  var headers: [UInt8]?
  var commandID: String?
  /// Why it is none, where that is known already.
  var fault: PoisonReason?

  /// A row that was inserted into the table. A column of the type `bytea` comes in hexadecimal digits.
  init(_ values: [LogValue], of relation: LogRelation, _ table: OutboxTable) {
    func value(_ role: OutboxTable.Role) -> (bytes: [UInt8], type: UInt32)? {
      guard let name = table.column(role),
        let index = relation.columns.firstIndex(where: { $0.name == name }),
        values.indices.contains(index), let bytes = values[index].bytes
      else { return nil }
      return (bytes, relation.columns[index].type)
    }
    func bytes(_ role: OutboxTable.Role) -> [UInt8]? {
      value(role).map { $0.type == Self.byteaType ? Self.decoded($0.bytes) ?? $0.bytes : $0.bytes }
    }
    key = bytes(.key)
    type = bytes(.type)
    payload = bytes(.payload)
    headers = value(.headers)?.bytes
    commandID = value(.commandID).map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  /// `pg_type`'s number of `bytea`.
  private static let byteaType: UInt32 = 17

  private static func decoded(_ text: [UInt8]) -> [UInt8]? {
    guard text.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "x")]), text.count.isMultiple(of: 2) else {
      return nil
    }
    var bytes: [UInt8] = []
    for index in stride(from: 2, to: text.count, by: 2) {
      guard let byte = UInt8(String(decoding: text[index..<(index + 2)], as: UTF8.self), radix: 16) else {
        return nil
      }
      bytes.append(byte)
    }
    return bytes
  }

  /// What `pg_logical_emit_message(true, 'sequitur', …)` wrote: a line as `sequitur submit` reads it.
  ///
  /// One that cannot be read keeps all of its content as its payload: what could be read of it may be the wrong part.
  init(message content: [UInt8]) {
    self = content.withUnsafeBytes { Self.read($0) }
    if fault != nil { (type, payload, headers, commandID) = (nil, content, nil, nil) }
  }

  private init() {}

  private static func read(_ content: UnsafeRawBufferPointer) -> LogCommand {
    var command = LogCommand()
    let names = NameTable(["key", "type", "id", "payload", "headers"])
    let reader = JSONReader()
    let values = UnsafeMutablePointer<csj_value>.allocate(capacity: names.valueCount)
    values.initialize(repeating: csj_value(), count: names.valueCount)
    defer { values.deallocate() }
    let code = reader.read(content, names, into: values)
    guard code == CSJ_OK else {
      command.fault = .message(JSONReader.message(code))
      return command
    }
    for member in JSONMembers(content) {
      let isNull = member.value.elementsEqual("null".utf8)
      let text =
        member.value.count >= 2 && member.value.first == UInt8(ascii: "\"")
        ? JSONText.unescaped(UnsafeRawBufferPointer(rebasing: member.value.dropFirst().dropLast())) : nil
      switch member.index(in: names) {
      case 0?: command.key = text.map { Array($0.utf8) }
      case 1?: command.type = text.map { Array($0.utf8) }
      case 2?: command.commandID = text
      case 3?: command.payload = Array(member.value)
      case 4?: command.headers = isNull ? nil : Array(member.value)
      case _:
        command.fault = .message("`\(member.nameText)` is none of key, type, id, payload, headers")
      }
      let isText = member.index(in: names).map { $0 < 3 } ?? false
      if isText, text == nil, !isNull { command.fault = .message("`\(member.nameText)` is no text") }
    }
    return command
  }
}
