import ArgumentParser
import SequiturHTTP
import SequiturSettings
import TerminalView

/// Whether and where a command has an operations door.
struct HTTPOptions: ParsableArguments {
  @Option(.http) var http: String?
  @Option(.httpCertificate) var certificate: String?
  @Option(.httpKey) var key: String?
  @Option(.httpNames) var names: String?
  @Option(.auth) var auth: String?

  /// What a door needs.
  struct Plan: Sendable {
    let address: HTTPAddress
    /// Nobody named the port: another one does as well.
    let orAnyPort: Bool
    let tls: TLSFiles?
    /// That requests may come with, besides this machine's.
    let hostNames: [String]
    /// Who may do what; nil: nobody is asked.
    let accessFile: String?
  }

  static let standard = HTTPAddress(host: "127.0.0.1", port: 9464)

  /// The plan, with the environment and the file; nil: no door.
  ///
  /// - Parameter isOnByDefault: whether there is one that nobody asked for.
  /// - Throws: a ``CommandFailure`` for an address that is none, and a certificate without a key.
  func plan(_ settings: Settings, isOnByDefault: Bool) throws -> Plan? {
    let tls = try files(settings)
    let names = try hostNames(settings)
    let accessFile = try accessFile(settings)
    guard let text = try settings.text(http, .http) else {
      return isOnByDefault
        ? Plan(
          address: Self.standard, orAnyPort: true, tls: tls, hostNames: names, accessFile: accessFile) : nil
    }
    guard text != "off" else { return nil }
    do throws(HTTPServerFault) {
      return Plan(
        address: try HTTPAddress(parsing: text), orAnyPort: false, tls: tls, hostNames: names,
        accessFile: accessFile)
    } catch {
      throw CommandFailure("\(error) It is \(settings.origin(http, .http)). Or say off.")
    }
  }

  /// The file that says who may do what; nil: nobody is asked who they are.
  func accessFile(_ settings: Settings) throws -> String? { try settings.text(auth, .auth) }

  /// Separated by commas.
  func hostNames(_ settings: Settings) throws -> [String] {
    try settings.text(names, .httpNames).map { $0.split(separator: ",").map { $0.filter { $0 != " " } } }
      ?? []
  }

  func files(_ settings: Settings) throws -> TLSFiles? {
    switch (try settings.text(certificate, .httpCertificate), try settings.text(key, .httpKey)) {
    case (nil, nil): return nil
    case (let certificate?, let key?): return TLSFiles(certificate: certificate, key: key)
    default:
      throw CommandFailure(
        "Expected --http-certificate and --http-key together, but only one of them is given. Name both files, or neither."
      )
    }
  }
}
