import SequiturGateway
import SequiturHTTP
import SequiturOutbox

/// What comes over a network from others: requests, and a database's log.
extension FuzzTarget {
  /// Parts: the address to listen at, the path with its query, the host, the last event's id.
  static let http = FuzzTarget(
    "http", "addresses, paths, queries, host names and event ids of requests",
    corpus: [
      ["127.0.0.1:9464", "/objects/order-1", "localhost:9464", "r1-17"],
      ["[::1]:0", "/objects/%00%ff/commands/create?key=YQ", "[::1]", ""],
      ["localhost:80", "/feed/3/12?after=k&limit=10&token=3-1042", "127.0.0.1", "0:17,1:4"],
      ["0.0.0.0:9464", "/", "example.com.", "-"], ["h:65535", "//a/../b?", "x.localhost", "r1-18"],
    ],
    words: [
      "%", "%2", "%2F", "/", "?", "&", "=", ":", "[", "]", "::1", "localhost", "127.0.0.1", ".", "..",
      "65536",
    ],
    makeReader: { { parts throws(FuzzFinding) in try told { RequestParts.read(parts) } } })

  /// Parts: path and query, and the fields Idempotency-Key, If-Match, If-None-Match, Prefer, Content-Type, traceparent.
  static let gateway = FuzzTarget(
    "gateway", "requests for a command, an outcome and a page of the feed",
    corpus: [
      ["/objects/order-1/commands/create", "c1", "", "", "", "application/json", ""],
      ["/objects/x/commands/pay?key=b3JkZXItMQ", "\"c2\"", "\"7\"", "", "wait=5", "", "00-0af7-b7ad-01"],
      ["/objects/%ff/commands/p%20q", "c3", "", "*", "respond-async, wait=10; x", "text/plain", ""],
      ["/outcomes/3-1042?wait=5", "", "*", "", "", "", ""], ["/feed/0/12", "", "", "", "", "", ""],
    ],
    words: [
      "wait=", "respond-async", ";", ",", "\"", "*", "W/", "key=", "-_", "==", "%", "/outcomes/", "/feed/",
      "/objects/",
    ],
    makeReader: { { parts throws(FuzzFinding) in try told { RequestReading.read(parts) } } })

  /// Parts: messages of a database's log, one transaction.
  static let outbox = FuzzTarget(
    "outbox", "a database's log, its messages and rows, and records of the relay's topic",
    bytes: OutboxReading.samples,
    words: [
      "{\"key\":", "\"type\":", "\"id\":", "\"payload\":", "\"headers\":", "null", "\\x", "B", "C", "R", "I",
      "M", "w", "k", "N", "t", "n",
    ],
    makeReader: { { parts throws(FuzzFinding) in try told { OutboxReading.read(parts) } } })

  private static func told(_ read: () -> String?) throws(FuzzFinding) {
    if let fault = read() { throw FuzzFinding(fault) }
  }
}
