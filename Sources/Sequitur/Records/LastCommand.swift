/// The command that was processed last, by which a commands topic is known again: its offset, and a digest of what
/// stood there.
///
/// A topic that was deleted and created again, filled from a backup, or taken for another one has offsets like any other.
/// The client tells no topic ids (librdkafka 2.0), but two topics do not have the same record at the same offset, unless
/// one is a faithful copy of the other up to there.
public struct LastCommand: Sendable, Hashable {
  /// Its offset on the commands topic, 0….
  public let offset: Int64
  /// SipHash-2-4-128 with the zero key, of what ``init(_:)`` says.
  public let digest: CommandIDHash

  /// A command that was digested before.
  public init(offset: Int64, digest: CommandIDHash) {
    self.offset = offset
    self.digest = digest
  }

  /// Of a record: its timestamp (8 bytes), its key, its value, and name and value of each header, in their order. Before
  /// each of these stands its length (4 bytes), of a null value 2^32−1. Numbers are big-endian; a missing key is empty.
  public init(_ record: borrowing CommandRecord) {
    var hash = SipStream()
    hash.absorb(bigEndian: UInt64(bitPattern: record.timestamp))
    hash.absorb(counted: record.unsafeKey)
    hash.absorb(counted: record.unsafePayload)
    for header in record.unsafeHeaders {
      hash.absorb(counted: header.name)
      hash.absorb(counted: header.value)
    }
    self.init(offset: record.position.offset, digest: hash.finish())
  }

  /// The value of the checkpoint's header `last-command`: `<offset>/<digest in 32 lower-case hexadecimal digits>`.
  public func encode(into writer: inout ByteWriter) {
    writer.append(decimal: offset)
    writer.append("/")
    digest.appendDigits(to: &writer)
  }

  /// Reads the header's value; nil when it is none.
  public init?(decoding bytes: UnsafeRawBufferPointer) {
    guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")),
      let offset = Int64(exactDecimal: bytes[..<slash]),
      let digest = CommandIDHash(digits: bytes[(slash + 1)...])
    else { return nil }
    self.init(offset: offset, digest: digest)
  }
}

extension Int64 {
  /// A number from 0 to 2^63−2 in digits without sign or leading zeros: an offset that a position can follow. Nil: it is
  /// none.
  init?(exactDecimal bytes: Slice<UnsafeRawBufferPointer>) {
    guard (1...19).contains(bytes.count), bytes.count == 1 || bytes.first != UInt8(ascii: "0"),
      bytes.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      let number = Int64(String(decoding: bytes, as: UTF8.self)), number < .max
    else { return nil }
    self = number
  }
}
