import HTTPTypes
import SequiturHTTP
import Synchronization

/// The memory for payloads of requests, from before they are read until they are answered. Any thread.
final class PayloadRoom: Sendable {
  private let free: Mutex<Int>

  init(bytes: Int) { free = Mutex(bytes) }

  /// Whether there is room; then ``leave(_:)`` must follow.
  func enter(_ bytes: Int) -> Bool {
    free.withLock { free in
      guard free >= bytes else { return false }
      free -= bytes
      return true
    }
  }

  /// Takes room for a request's body before its first byte comes: who says no length must not take it from all others.
  ///
  /// - Throws: ``Problem``: 411, 429.
  func hold(for call: HTTPCall) throws(Problem) -> Held {
    let fields = call.head.headerFields
    guard
      let bytes = fields[.contentLength].map({ Int($0) ?? 0 })
        ?? (fields[.transferEncoding] == nil ? 0 : nil)
    else {
      throw .edge(
        "length-required", "Expected a Content-Length: a body in chunks is not taken.", .lengthRequired)
    }
    guard enter(bytes) else {
      throw Problem(
        .tooManyRequests, "too-many-bytes",
        "Expected room for the payload, but the requests that are held have \(GatewayLimits.payloadBytesHeld >> 20) MiB. "
          + "Nothing was appended. Send it again.", retryAfter: 1)
    }
    return Held(self, bytes)
  }

  /// Room that one request has, until it leaves or is dropped.
  final class Held: Sendable {
    private let room: PayloadRoom
    private let bytes: Mutex<Int>

    fileprivate init(_ room: PayloadRoom, _ bytes: Int) {
      self.room = room
      self.bytes = Mutex(bytes)
    }

    deinit { leave() }

    /// Gives it back; again: nothing.
    func leave() {
      let held = bytes.withLock { bytes in
        defer { bytes = 0 }
        return bytes
      }
      if held > 0 { room.leave(held) }
    }
  }

  /// Gives the room back.
  func leave(_ bytes: Int) { free.withLock { $0 += bytes } }
}
