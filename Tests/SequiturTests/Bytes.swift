import Sequitur

/// The bytes as an array, to compare and to show them.
func array(_ bytes: UnsafeRawBufferPointer?) -> [UInt8] { bytes.map { [UInt8]($0) } ?? [] }

/// What `body` writes, as text.
func written(_ body: (inout ByteWriter) -> Void) -> String {
  var writer = ByteWriter()
  body(&writer)
  return String(decoding: writer.bytes, as: UTF8.self)
}

/// Calls `body` with a command record that has these headers; a `nil` value is a null one.
func withCommand<Result>(
  headers: [(name: String, value: [UInt8]?)], key: [UInt8]? = [1], payload: [UInt8]? = [2],
  _ body: (borrowing CommandRecord) -> Result
) -> Result {
  var memory = ByteWriter()
  for header in headers {
    memory.append(header.name)
    for byte in header.value ?? [] { memory.append(byte) }
  }
  var offset = 0
  func next(_ count: Int) -> UnsafeRawBufferPointer {
    defer { offset += count }
    return memory.bytes(at: offset, count: count)
  }
  let views = headers.map { header in
    RecordHeader(name: next(header.name.utf8.count), value: header.value.map { next($0.count) })
  }
  return views.withUnsafeBufferPointer { views in
    (key ?? []).withUnsafeBytes { keyBytes in
      (payload ?? []).withUnsafeBytes { payloadBytes in
        body(
          CommandRecord(
            unsafeKey: key == nil ? nil : keyBytes, payload: payload == nil ? nil : payloadBytes,
            headers: views, position: CommandPosition(partition: 1, offset: 2), timestamp: 3))
      }
    }
  }
}
