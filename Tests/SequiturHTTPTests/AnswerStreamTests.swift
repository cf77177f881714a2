import Foundation
import SequiturHTTP
import TestBroker
import Testing

extension SequiturHTTPTests {
  /// Answers that are written piece by piece, and clients that do not wait for them.
  struct AnswerStreamTests {
    private func route(length: Int? = nil, _ pieces: [String], failing: Bool = false) -> [HTTPRoute] {
      [
        .get("/pieces") { _ in
          HTTPAnswer(.ok, "text/plain", length: length) { body in
            for piece in pieces { try await body.write(Array(piece.utf8)) }
            if failing { throw RawClient.Failure(what: "no more") }
          }
        }
      ]
    }

    @Test func `an answer in pieces is whole, and the connection takes the next request`() async throws {
      try await withServer(route(["one ", "two ", "three"])) { address, _ in
        let client = try RawClient(address)
        for _ in 0..<2 {
          try await client.send(get("/pieces"))
          let text = try await client.read(until: "\r\n0\r\n\r\n")
          #expect(text.lowercased().contains("transfer-encoding: chunked"))
          #expect(text.contains("one ") && text.contains("three"))
        }
      }
      try await withServer(route(length: 13, ["one ", "two ", "three"])) { address, _ in
        let client = try RawClient(address)
        #expect(try await client.ask(get("/pieces")).body == "one two three")
        try await client.send("HEAD /pieces HTTP/1.1\r\nHost: test\r\n\r\n")
        _ = try await client.read(until: "\r\n\r\n")
        #expect(try await client.ask(get("/pieces")).body == "one two three")
      }
    }

    @Test func `an answer that fails on its way has no end`() async throws {
      for length in [nil, 100] {
        try await withServer(route(length: length, ["one"], failing: true)) { address, _ in
          let client = try RawClient(address)
          try await client.send(get("/pieces"))
          let text = try await client.readToEnd()
          #expect(text.contains("one") && !text.hasSuffix("0\r\n\r\n"))
        }
      }
    }

    @Test func `a client that hangs up cancels a handler that asks for it, and no other`() async throws {
      let (begun, begin) = AsyncStream.makeStream(of: Bool.self)
      let (ended, end) = AsyncStream.makeStream(of: Bool.self)
      let (never, keep) = AsyncStream.makeStream(of: Void.self)
      let (gate, open) = AsyncStream.makeStream(of: Void.self)
      func route(_ path: String, _ endsWithClient: Bool) -> HTTPRoute {
        let route = HTTPRoute.get(path) { _ in
          begin.yield(endsWithClient)
          for await _ in endsWithClient ? never : gate { break }
          end.yield(Task.isCancelled)
          return .json([])
        }
        return endsWithClient ? route.endingWithClient() : route
      }
      try await withServer([route("/long", true), route("/short", false)]) { address, server in
        var (begins, ends) = (begun.makeAsyncIterator(), ended.makeAsyncIterator())
        for (path, isCancelled) in [("/long", true), ("/short", false)] {
          do {
            let client = try RawClient(address)
            try await client.send(get(path))
            _ = await begins.next()
          }
          // The other one goes on after its client has gone.
          if !isCancelled { open.yield() }
          #expect(await ends.next() == isCancelled)
        }
        keep.finish()
        try await eventually("the connections to be closed") { server.connectionCount == 0 }
      }
    }
  }
}
