/// Bytes as text that may stand in a URL (RFC 4648, section 5).
public enum Base64URLText {
  /// The bytes; nil for another character, a length that none has, bits behind the last byte, or padding in the wrong place.
  public static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var (bits, count, padding) = (UInt32(0), 0, 0)
    for byte in text {
      if byte == UInt8(ascii: "=") {
        padding += 1
        continue
      }
      guard padding == 0, let value = value(byte) else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 1
      if count % 4 != 1 {
        let left = UInt32(6 - 2 * ((count - 1) % 4))
        bytes.append(UInt8(truncatingIfNeeded: bits >> left))
      }
    }
    let rest = count % 4
    let unused = rest == 2 ? UInt32(0xF) : rest == 3 ? 0x3 : 0
    guard rest != 1, bits & unused == 0, padding == 0 || (padding < 3 && (count + padding) % 4 == 0) else {
      return nil
    }
    return bytes
  }

  private static func value(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
