import Glibc

extension EmbeddedBroker {
  /// The descriptors looked through for the brokers' sockets.
  private static let descriptorsMax: Int32 = 4096

  /// Lets the brokers answer at once (`TCP_NODELAY`).
  ///
  /// The mock cluster leaves Nagle's algorithm on, which together with delayed acknowledgements (tcp(7)) holds
  /// back every second small answer for 40 ms: a commit took 50 ms instead of 5 (measured). Connections inherit the
  /// option from the socket they were accepted by, and that is found by its port. Without effect when it is not
  /// found.
  func answerAtOnce() {
    let ports = Set(bootstrapServers.split(separator: ",").compactMap { UInt16($0.split(separator: ":")[1]) })
    for descriptor in 0..<Self.descriptorsMax {
      guard let port = Self.listeningPort(descriptor), ports.contains(port) else { continue }
      var on: Int32 = 1
      setsockopt(
        descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }
  }

  /// The local port of a descriptor that is a listening IPv4 socket.
  private static func listeningPort(_ descriptor: Int32) -> UInt16? {
    var isListening: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size) == 0, isListening != 0 else {
      return nil
    }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard result == 0, address.sin_family == sa_family_t(AF_INET) else { return nil }
    return UInt16(bigEndian: address.sin_port)
  }
}
