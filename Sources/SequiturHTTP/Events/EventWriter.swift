import NIOCore

/// Writes a feed's events to one client until it is gone, too far behind, or the feed ends.
struct EventWriter {
  let feed: EventFeed
  let lastEventID: String?

  /// - Parameters:
  ///   - time: how long at most; nil: without end.
  ///   - write: waits until the client has room for more.
  func run(for time: Duration?, _ write: ([UInt8]) async throws -> Void) async throws {
    let end = time.map { ContinuousClock.now + $0 }
    var place = feed.place(after: lastEventID)
    // The comment makes proxies and browsers see that the stream is open.
    try await write(Array(":\n\n".utf8))
    if place.isReset { try await write(Array("event: reset\ndata:\n\n".utf8)) }
    let (news, wake) = feed.listen()
    let heartbeat = feed.limits.heartbeat
    let beats = Task {
      while !Task.isCancelled {
        try await Task.sleep(for: heartbeat)
        wake.yield()
      }
    }
    let ending = end.map { end in
      Task {
        try await Task.sleep(until: end)
        wake.yield()
      }
    }
    defer {
      beats.cancel()
      ending?.cancel()
    }
    wake.yield()
    var isFirst = true
    for await _ in news {
      var isQuiet = true
      while true {
        if let end, .now >= end { return }
        guard let bytes = feed.take(from: &place, atMost: HTTPLimits.unsentBytesMax) else { return }
        guard !bytes.isEmpty else { break }
        isQuiet = false
        try await write(bytes)
      }
      if isQuiet, !isFirst { try await write(Array(":\n\n".utf8)) }
      isFirst = false
    }
  }
}
