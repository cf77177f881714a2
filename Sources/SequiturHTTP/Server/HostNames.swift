/// The names that a request to a loopback door may come with (`Host`).
///
/// Such a door trusts whoever is on this machine. A page of a browser here would be one of them, if its own host's name could
/// be made to mean 127.0.0.1 (DNS rebinding): the browser takes the answers for the page's own. So a name is refused that is
/// not this machine's. An address in digits cannot be given another meaning, and is taken.
struct HostNames: Sendable {
  private let names: Set<String>

  /// - Parameters:
  ///   - address: what is listened at.
  ///   - more: names besides its own, such as that of a proxy which passes `Host` on; `*`: any.
  /// - Returns: nil when any name may come: others reach the address, by whatever name they have for it.
  init?(for address: HTTPAddress, and more: [String]) {
    guard address.isLoopback, !more.contains("*") else { return nil }
    names = Set((more + ["localhost", address.host]).map { $0.lowercased() })
  }

  /// - Parameter authority: the request's `Host`, with or without a port; nil or empty: none, as no browser sends it.
  func allows(_ authority: String?) -> Bool {
    guard let authority, !authority.isEmpty else { return true }
    let host = Self.host(authority)
    return names.contains(host) || host.hasSuffix(".localhost") || Self.isAddress(host)
  }

  /// Without the port and the dot at the end.
  private static func host(_ authority: String) -> String {
    var text = authority.lowercased()[...]
    if text.first != "[", let colon = text.firstIndex(of: ":") { text = text[..<colon] }
    return String(text.last == "." ? text.dropLast() : text)
  }

  /// In digits: four numbers, or in brackets.
  private static func isAddress(_ host: String) -> Bool {
    if host.first == "[" {
      guard let end = host.firstIndex(of: "]") else { return false }
      return host[host.index(after: host.startIndex)..<end].allSatisfy {
        $0.isHexDigit || $0 == ":" || $0 == "."
      }
    }
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
    return numbers.count == 4 && numbers.allSatisfy { UInt8($0) != nil }
  }
}
