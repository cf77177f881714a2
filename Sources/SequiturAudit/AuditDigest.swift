import COpenSSL

/// The digest by which a checkpoint knows the command that was processed last, computed by OpenSSL's SipHash
/// (`EVP_MAC`): an audit shares no code with the engine.
enum AuditDigest {
  /// Of a command's timestamp, key, value and headers, as docs/record-contract.md says, in hexadecimal.
  static func of(_ command: AuditRecord) -> String {
    var bytes: [UInt8] = []
    func add(_ number: some FixedWidthInteger) { withUnsafeBytes(of: number.bigEndian) { bytes += $0 } }
    func add(counted part: UnsafeRawBufferPointer?) {
      add(part.map { UInt32($0.count) } ?? UInt32.max)
      if let part { bytes += part }
    }
    add(command.timestamp)
    add(counted: command.key ?? UnsafeRawBufferPointer(start: nil, count: 0))
    add(counted: command.value)
    for header in command.headers {
      add(counted: header.name)
      add(counted: header.value)
    }
    return sipHash(bytes)
  }

  /// SipHash-2-4 with 128 bits and the zero key; the number's highest digits first.
  private static func sipHash(_ bytes: [UInt8]) -> String {
    let mac = EVP_MAC_fetch(nil, "SIPHASH", nil)
    let context = EVP_MAC_CTX_new(mac)
    defer {
      EVP_MAC_CTX_free(context)
      EVP_MAC_free(mac)
    }
    let key = [UInt8](repeating: 0, count: 16)
    var digest = [UInt8](repeating: 0, count: 16)
    var count = 0
    guard mac != nil, EVP_MAC_init(context, key, key.count, nil) == 1,
      EVP_MAC_update(context, bytes, bytes.count) == 1,
      EVP_MAC_final(context, &digest, &count, digest.count) == 1, count == digest.count
    else { preconditionFailure("libcrypto has no SipHash of 128 bits, or no memory") }
    return digest.reversed().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
