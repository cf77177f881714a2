import Foundation
import SequiturHTTP
import TestBroker
import Testing

extension SequiturHTTPTests {
  struct EventStreamTests {
    private func route(_ feed: EventFeed) -> [HTTPRoute] { [.get("/events") { _ in .events(feed) }] }

    @Test func `a client is told each event with its id, and goes on behind the last one it had`()
      async throws
    {
      let feed = EventFeed()
      try await withServer(route(feed), feeds: [feed]) { address, _ in
        let client = try RawClient(address)
        try await client.send(get("/events"))
        let head = try await client.read(until: ":\n\n")
        #expect(head.contains("text/event-stream"))
        try await eventually("the client to listen") { feed.clientCount == 1 }
        feed.publish(id: "1", name: "state", data: "one\ntwo")
        #expect(try await client.read(until: "two").contains("id: 1\nevent: state\ndata: one\ndata: two"))
        feed.publish(id: "2", data: "three")
        feed.publish(id: "3", data: "four")

        let again = try RawClient(address)
        try await again.send(get("/events", "Last-Event-ID: 1\r\n"))
        let rest = try await again.read(until: "data: four\n\n")
        #expect(
          rest.contains("id: 2\ndata: three") && !rest.contains("event: reset") && !rest.contains("id: 1\n"))
      }
    }

    @Test func `a client whose last event is not there any more is told to begin anew`() async throws {
      var limits = EventFeed.Limits()
      limits.bytesMax = 100
      let feed = EventFeed(limits)
      for number in 1...50 { feed.publish(id: "\(number)", data: "event \(number)") }
      try await withServer(route(feed), feeds: [feed]) { address, _ in
        for id in ["1", "former-process-7"] {
          let client = try RawClient(address)
          try await client.send(get("/events", "Last-Event-ID: \(id)\r\n"))
          let text = try await client.read(until: "data: event 50\n\n")
          #expect(text.contains("event: reset\n"))
          #expect(!text.contains("data: event 40\n"))
        }
      }
    }

    @Test func `only the line ends of the format end a line, and Unicode's others are text`() async throws {
      let feed = EventFeed()
      try await withServer(route(feed), feeds: [feed]) { address, _ in
        let client = try RawClient(address)
        try await client.send(get("/events"))
        _ = try await client.read(until: ":\n\n")
        try await eventually("the client to listen") { feed.clientCount == 1 }
        feed.publish(id: "1", data: "a\u{2028}b\u{85}c\u{2029}d\u{0B}e")
        let text = try await client.read(until: "e\n\n")
        #expect(text.contains("data: a\u{2028}b\u{85}c\u{2029}d\u{0B}e\n\n"))
      }
    }

    @Test func `a feed that forgets closes its clients, and who comes back begins anew`() async throws {
      let feed = EventFeed()
      try await withServer(route(feed), feeds: [feed]) { address, _ in
        let client = try RawClient(address)
        try await client.send(get("/events"))
        _ = try await client.read(until: ":\n\n")
        try await eventually("the client to listen") { feed.clientCount == 1 }
        feed.publish(id: "1", data: "before")
        _ = try await client.read(until: "before\n\n")
        feed.forget()
        try await eventually("the client to be closed") { feed.clientCount == 0 }
        feed.publish(id: "2", data: "after")
        let again = try RawClient(address)
        try await again.send(get("/events", "Last-Event-ID: 1\r\n"))
        let text = try await again.read(until: "after\n\n")
        #expect(text.contains("event: reset\n") && !text.contains("before"))
      }
    }

    @Test func `a quiet stream has a heartbeat`() async throws {
      var limits = EventFeed.Limits()
      limits.heartbeat = .milliseconds(20)
      let feed = EventFeed(limits)
      try await withServer(route(feed), feeds: [feed]) { address, _ in
        let client = try RawClient(address)
        try await client.send(get("/events"))
        var text = ""
        while text.components(separatedBy: ":\n\n").count < 4 {
          text += try await client.read(until: ":\n\n")
        }
      }
    }

    @Test func `a client gets the events it asks for, and goes on behind those it did not want`() async throws
    {
      var limits = EventFeed.Limits()
      limits.heartbeat = .milliseconds(20)
      let feed = EventFeed(limits)
      let routes: [HTTPRoute] = [
        .get("/events") { _ in .events(feed, EventFilter(types: ["paid"], keyPrefix: Array("o-1".utf8))) }
      ]
      func publish(_ id: Int, _ key: String, _ type: String) {
        feed.publish(
          id: "\(id)", line: Array("\(key) \(type)".utf8),
          labels: EventLabels(key: Array(key.utf8), type: type))
      }
      try await withServer(routes, feeds: [feed]) { address, _ in
        let client = try RawClient(address)
        try await client.send(get("/events"))
        _ = try await client.read(until: ":\n\n")
        try await eventually("the client to listen") { feed.clientCount == 1 }
        publish(1, "o-1", "created")
        publish(2, "o-12", "paid")
        publish(3, "o-2", "paid")
        publish(4, "p-1", "paid")
        // The heartbeat says how far the others have come.
        let text = try await client.read(until: "id: 4\n\n")
        #expect(text.contains("id: 2\ndata: o-12 paid\n\n"))
        #expect(text.components(separatedBy: "data:").count == 2)
      }
    }

    @Test func `many clients that read get each event once and in order, and others are answered meanwhile`()
      async throws
    {
      var ring = EventFeed.Limits()
      ring.bytesMax = 16 << 20
      let feed = EventFeed(ring)
      var limits = patient
      limits.streamsMax = 100
      try await withServer(route(feed) + echo, limits: limits, feeds: [feed]) { [limits] address, _ in
        try await withThrowingTaskGroup(of: [Int].self) { group in
          for _ in 0..<limits.streamsMax {
            group.addTask {
              let client = try RawClient(address)
              try await client.send(get("/events"))
              let text = try await client.read(until: "data: the last\n\n")
              // Frames of chunks end with CR LF, which is one character.
              return text.utf8.split(separator: 10).compactMap { line in
                line.starts(with: "id: ".utf8) ? Int(String(line.dropFirst(4)) ?? "") : nil
              }
            }
          }
          try await eventually("all to listen") { feed.clientCount == limits.streamsMax }
          for number in 1..<2000 {
            feed.publish(id: "\(number)", line: Array("event \(number)".utf8))
            if number % 100 == 0 { #expect(try await RawClient(address).ask(get("/hello")).status == 200) }
          }
          feed.publish(id: "2000", data: "the last")
          for try await ids in group {
            let isWhole = ids == Array(1...2000)
            #expect(isWhole, "\(ids.count) events")
          }
        }
      }
    }

    @Test func `a client that falls behind is closed, and the feed keeps no more for it`() async throws {
      var limits = patient
      limits.unreadTime = .seconds(60)
      var ring = EventFeed.Limits()
      ring.bytesMax = 1 << 20
      let feed = EventFeed(ring)
      try await withServer(route(feed), limits: limits, feeds: [feed]) { address, server in
        let stalled = try RawClient(address, receiveBufferBytes: 64 << 10)
        try await stalled.send(get("/events"))
        try await eventually("the client to listen") { feed.clientCount == 1 }
        let data = String(repeating: "x", count: 60_000)
        // Far more than sockets and buffers hold.
        for number in 0..<400 { feed.publish(id: "\(number)", data: data) }
        // It reads on, and finds that the ring has gone on without it.
        _ = try await stalled.readToEnd()
        try await eventually("the client to be gone") { feed.clientCount == 0 && server.connectionCount == 0 }
      }
    }

    @Test func `a client that hangs up is noticed without an event`() async throws {
      let feed = EventFeed()
      try await withServer(route(feed), feeds: [feed]) { address, server in
        do {
          let client = try RawClient(address)
          try await client.send(get("/events"))
          _ = try await client.read(until: ":\n\n")
          try await eventually("the client to listen") { feed.clientCount == 1 }
        }
        try await eventually("the client to be gone") { feed.clientCount == 0 && server.connectionCount == 0 }
      }
    }

    @Test func `streams end when the server stops`() async throws {
      let feed = EventFeed()
      let server = HTTPServer(
        routes: route(feed), limits: patient, feeds: [feed], hostNames: ["test"], logger: quiet)
      let address = try await server.start(at: HTTPAddress(host: "127.0.0.1", port: 0))
      let client = try RawClient(address)
      try await client.send(get("/events"))
      _ = try await client.read(until: ":\n\n")
      await server.stop()
      #expect(try await client.readToEnd().hasSuffix("0\r\n\r\n"))
    }

    @Test func `more streams than there may be are told to come back, and leave room for requests`()
      async throws
    {
      var limits = patient
      limits.streamsMax = 1
      limits.requestsMax = 1
      let feed = EventFeed()
      try await withServer(route(feed) + echo, limits: limits, feeds: [feed]) { address, _ in
        let first = try RawClient(address)
        try await first.send(get("/events"))
        _ = try await first.read(until: ":\n\n")
        #expect(try await RawClient(address).ask(get("/events")).status == 503)
        #expect(try await RawClient(address).ask(get("/hello")).status == 200)
      }
    }
  }
}
