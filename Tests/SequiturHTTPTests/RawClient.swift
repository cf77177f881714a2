import Foundation
import SequiturHTTP

/// A connection that sends exactly what a test says, and collects what comes back. Its calls block: on threads of their own.
final class RawClient: Sendable {
  private let descriptor: Int32

  init(_ address: HTTPAddress, receiveBufferBytes: Int? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    if var bytes = receiveBufferBytes.map({ Int32($0) }) {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, 4)
    }
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = in_port_t(address.port).bigEndian
    name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Failure(what: "connect: \(errno)") }
    var time = timeval(tv_sec: 110, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  struct Failure: Error {
    let what: String
  }

  /// An answer as it came.
  struct Answer: Sendable {
    let status: Int
    let head: String
    let body: String

    func field(_ name: String) -> String? {
      head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }
        .map { String($0.dropFirst(name.count + 2)) }
    }
  }

  /// Sends; false when the other side has closed.
  @discardableResult
  func send(_ text: String) async throws -> Bool {
    try await onThread { [descriptor] in
      var bytes = Array(text.utf8)[...]
      while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { return false }
        bytes = bytes.dropFirst(count)
      }
      return true
    }
  }

  /// Everything until the other side closes.
  func readToEnd() async throws -> String {
    try await read { _ in false }
  }

  /// Reads until the text is there.
  func read(until text: String) async throws -> String {
    try await read { $0.contains(text) }
  }

  private func read(_ isDone: @escaping @Sendable (String) -> Bool) async throws -> String {
    try await onThread { [descriptor] in
      var all: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while true {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else {
          // A reset is a way of closing.
          if errno == ECONNRESET { break }
          throw Failure(what: "nothing came for 110 s: \(errno)")
        }
        if count == 0 { break }
        all += buffer[..<count]
        if isDone(String(decoding: all, as: UTF8.self)) { break }
      }
      return String(decoding: all, as: UTF8.self)
    }
  }

  /// Sends a request and reads its answer, by its length.
  func ask(_ request: String) async throws -> Answer {
    try await send(request)
    return try await answer()
  }

  func answer() async throws -> Answer {
    let text = try await read { text in
      guard let end = text.range(of: "\r\n\r\n") else { return false }
      let length = Self.length(text[..<end.lowerBound])
      return text[end.upperBound...].utf8.count >= length
    }
    guard let end = text.range(of: "\r\n\r\n"),
      let status = Int(text.split(separator: " ").dropFirst().first ?? "")
    else { throw Failure(what: "no answer, but: \(text)") }
    return Answer(
      status: status, head: String(text[..<end.lowerBound]), body: String(text[end.upperBound...]))
  }

  private static func length(_ head: Substring) -> Int {
    for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("content-length: ") {
      return Int(line.dropFirst(16)) ?? 0
    }
    return 0
  }
}

/// Runs blocking work on a thread of its own, not in Swift's pool.
func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
  let result: Result<R, any Error> = await withCheckedContinuation { continuation in
    Thread.detachNewThread { continuation.resume(returning: Result { try body() }) }
  }
  return try result.get()
}
