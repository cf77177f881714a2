import Sequitur

/// A command that owns its bytes.
struct TestCommand {
  var key: [UInt8]? = Array("k".utf8)
  var payload: [UInt8]?
  var headers: [(name: String, value: [UInt8]?)] = []
  var timestamp: Int64 = 1_000

  init(
    _ type: String?, _ payload: String? = "", key: String = "k", id: String? = nil, expect: String? = nil,
    headers: [(String, String?)] = [], at timestamp: Int64 = 1_000
  ) {
    self.timestamp = timestamp
    self.key = Array(key.utf8)
    self.payload = payload.map { Array($0.utf8) }
    for (name, value) in [("ce_type", type), ("ce_id", id), ("expected-version", expect)] {
      if let value { self.headers.append((name, Array(value.utf8))) }
    }
    for (name, value) in headers { self.headers.append((name, value.map { Array($0.utf8) })) }
  }

  /// Calls `body` with the record that stands at this offset.
  func withRecord<Result>(
    at offset: Int64, _ body: (borrowing CommandRecord) throws -> Result
  ) rethrows -> Result {
    var memory = ByteWriter()
    memory.reserve(headers.reduce(0) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) })
    func store(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
      let start = memory.count
      bytes.withUnsafeBytes { memory.append($0) }
      return memory.bytes(at: start, count: bytes.count)
    }
    let views = headers.map { RecordHeader(name: store(Array($0.name.utf8)), value: $0.value.map(store)) }
    defer { withExtendedLifetime(memory.count) {} }
    return try views.withUnsafeBufferPointer { views in
      try (key ?? []).withUnsafeBytes { keyBytes in
        try (payload ?? []).withUnsafeBytes { payloadBytes in
          try body(
            CommandRecord(
              unsafeKey: key == nil ? nil : keyBytes, payload: payload == nil ? nil : payloadBytes,
              headers: views, position: CommandPosition(partition: 3, offset: offset), timestamp: timestamp))
        }
      }
    }
  }
}
