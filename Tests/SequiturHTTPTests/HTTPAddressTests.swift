import SequiturHTTP
import Testing

struct HTTPAddressTests {
  @Test(arguments: [
    ("127.0.0.1:9464", "127.0.0.1", 9464), ("[::1]:0", "::1", 0), ("localhost:65535", "localhost", 65535),
    ("my-host.example_1:80", "my-host.example_1", 80), ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
    ("0.0.0.0:0080", "0.0.0.0", 80),
  ])
  func `an address has a host and a port`(text: String, host: String, port: Int) throws {
    #expect(try HTTPAddress(parsing: text) == HTTPAddress(host: host, port: port))
  }

  @Test(arguments: [
    ("", "it names no port"), ("9464", "it names no port"), ("localhost", "it names no port"),
    (":9464", "it names no host"), ("a:", "its port is not 0 to 65535"),
    ("a:65536", "its port is not 0 to 65535"),
    ("a:-1", "its port is not 0 to 65535"), ("a:+1", "its port is not 0 to 65535"),
    ("a:9464x", "its port is not 0 to 65535"), ("a:٣", "its port is not 0 to 65535"),
    ("::1:9464", "an IPv6 address stands in brackets"),
    ("[a]:1", "brackets stand around an IPv6 address only"),
    ("[]:1", "its host is neither a name nor an address"),
    ("a b:1", "its host is neither a name nor an address"),
    ("http://a:1", "an IPv6 address stands in brackets"),
    ("a/b:1", "its host is neither a name nor an address"),
    ("a\u{1B}:1", "its host is neither a name nor an address"),
    (String(repeating: "a", count: 301) + ":1", "its host is neither a name nor an address"),
  ])
  func `what is no address is told with the reason`(text: String, why: String) throws {
    let fault = try #require(throws: HTTPServerFault.self) { try HTTPAddress(parsing: text) }
    let told = fault.description
    #expect(told.contains(why), "\(told)")
    #expect(!told.contains("\u{1B}"))
  }

  @Test func `an address is shown as it is written`() throws {
    for text in ["127.0.0.1:9464", "[::1]:9464", "localhost:0"] {
      #expect(try HTTPAddress(parsing: text).description == text)
    }
  }
}
