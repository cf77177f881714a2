import Foundation

/// TCP ports of the loopback interface.
public enum FreePort {
  /// A port that nothing listened on a moment ago, picked by the operating system.
  ///
  /// Something else may take it before the caller does: use it for an address that nobody answers, or retry.
  public static func find() throws -> UInt16 {
    try withSocket { descriptor in
      var address = loopback(port: 0)
      let size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let bound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
      }
      guard bound == 0 else { throw ProgramError.system("bind", errno) }
      var length = size
      let named = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
      }
      guard named == 0 else { throw ProgramError.system("getsockname", errno) }
      return UInt16(bigEndian: address.sin_port)
    }
  }

  /// Whether something accepts connections on the port.
  public static func answers(_ port: UInt16) -> Bool {
    let connected = try? withSocket { descriptor in
      var address = loopback(port: port)
      return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
    return connected == 0
  }

  private static func withSocket<R>(_ body: (Int32) throws -> R) throws -> R {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw ProgramError.system("socket", errno) }
    defer { close(descriptor) }
    return try body(descriptor)
  }

  private static func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }
}
