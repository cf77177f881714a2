import ReadableText
import SequiturSettings
import Yams

/// Reads an access file: YAML or JSON, checked as a whole.
struct AccessFileReader {
  private let fields: YAMLFields
  private let path: String
  private var document = AccessDocument()

  /// The longest file, in bytes.
  static let bytesMax = 256 << 10
  private static let leewayMax = Duration.seconds(300)
  private static let keysMax = 20_000

  /// - Throws: ``AccessFault`` with all that is wrong, each with line and column.
  static func read(_ bytes: [UInt8], path: String) throws(AccessFault) -> AccessDocument {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw AccessFault("Expected \(ShownText.line(path)) to be UTF-8, but it is not.")
    }
    let source = YAMLSource(text)
    guard source.aliasCount == 0, source.keyCountAtMost <= keysMax else {
      throw AccessFault(
        "Expected \(ShownText.line(path)) to have no aliases and at most \(keysMax.grouped) keys, but there are more."
      )
    }
    var reader = AccessFileReader(path)
    reader.read(try root(text, path))
    guard reader.fields.faults.isEmpty else {
      throw AccessFault(reader.fields.faults.joined(separator: "\n"))
    }
    return reader.document
  }

  private init(_ path: String) {
    self.path = path
    fields = YAMLFields(path: path)
  }

  private static func root(_ text: String, _ path: String) throws(AccessFault) -> Node {
    let root: Node?
    do {
      root = try Parser(yaml: text).singleRoot()
    } catch let error as YamlError {
      let found = YAMLProblem.describe(error, in: text)
      throw AccessFault(
        "\(ShownText.line(path)):\(found.line):\(found.column): Expected YAML or JSON, but \(found.problem).")
    } catch {
      throw AccessFault("Expected YAML or JSON in \(ShownText.line(path)), but it cannot be read.")
    }
    guard let root else {
      throw AccessFault("Expected rules in \(ShownText.line(path)), but it is empty. Say who may do what.")
    }
    return root
  }

  private mutating func read(_ root: Node) {
    let names = ["jwt", "tokens", "certificates", "rules"]
    guard let found = fields.mapping(root, "the file", names) else { return }
    if let node = found["jwt"] { document.jwt = jwt(node) }
    document.tokens = tokens(found["tokens"])
    if let node = found["certificates"] { document.certificates = certificates(node) }
    document.rules = fields.list(found["rules"], "rules").compactMap(rule)
    if found["jwt"] == nil, found["certificates"] == nil, fields.list(found["tokens"], "tokens").isEmpty {
      fields.fault(root, "jwt, tokens or certificates", "nobody can prove who they are without one of them")
    }
    if found["rules"]?.sequence?.isEmpty ?? true {
      fields.fault(root, "rules", "there are none, and what no rule allows is not allowed")
    }
    if found["jwt"] == nil, found["certificates"] == nil { checkNames(fields.list(found["rules"], "rules")) }
  }

  // MARK: Proofs

  private func jwt(_ node: Node) -> AccessDocument.Tokens? {
    let names = ["issuer", "audience", "keys", "subject-claim", "groups-claim", "leeway"]
    guard let found = fields.mapping(node, "jwt", names) else { return nil }
    let issuer = fields.required(found, "issuer", of: "jwt", in: node)
    let audience = fields.required(found, "audience", of: "jwt", in: node)
    let keys = fields.required(found, "keys", of: "jwt", in: node)
    guard let issuer, let audience, let keys else { return nil }
    var expected = TokenClaims.Expectation(issuer: issuer, audience: audience)
    if let claim = fields.text(found["subject-claim"], "subject-claim") { expected.subjectClaim = claim }
    if let claim = fields.text(found["groups-claim"], "groups-claim") { expected.groupsClaim = claim }
    if let text = fields.text(found["leeway"], "leeway") {
      guard let leeway = text == "0s" ? .zero : DurationText.parse(text), leeway <= Self.leewayMax else {
        fields.fault(found["leeway"], "leeway to be a time like 30s, at most 5m", "it is something else")
        return nil
      }
      expected.leeway = leeway / .seconds(1)
    }
    return AccessDocument.Tokens(keys: keys, expected: expected)
  }

  private func tokens(_ node: Node?) -> [StaticTokens.Entry] {
    var known: Set<[UInt8]> = []
    return fields.list(node, "tokens").compactMap { node in
      guard let found = fields.mapping(node, "a token", ["subject", "sha256", "groups"]) else { return nil }
      guard found["subject"] != nil else {
        fields.fault(node, "a token to have subject", "it has none")
        return nil
      }
      let subject = fields.name(found["subject"], "subject")
      let text = fields.required(found, "sha256", of: "a token", in: node)
      let groups = fields.texts(found["groups"], "groups") ?? []
      guard let subject, let text else { return nil }
      guard let digest = Self.digest(text) else {
        fields.fault(
          found["sha256"], "the SHA-256 of a token in 64 hexadecimal digits", "it is something else")
        return nil
      }
      guard known.insert(digest).inserted else {
        fields.fault(found["sha256"], "another token for each entry", "this one stands above")
        return nil
      }
      return StaticTokens.Entry(digest: digest, identity: Identity(subject: subject, groups: Set(groups)))
    }
  }

  private func certificates(_ node: Node) -> AccessDocument.Certificates? {
    guard let found = fields.mapping(node, "certificates", ["authority", "subject-from"]) else { return nil }
    guard let authority = fields.required(found, "authority", of: "certificates", in: node) else {
      return nil
    }
    var certificates = AccessDocument.Certificates(authority: authority)
    if let text = fields.text(found["subject-from"], "subject-from") {
      guard let place = CertificateName.Place(rawValue: text) else {
        let places = CertificateName.Place.allCases.map(\.rawValue).joined(separator: ", ")
        fields.fault(found["subject-from"], "subject-from to be one of \(places)", "it is something else")
        return nil
      }
      certificates.place = place
    }
    return certificates
  }

  // MARK: Rules

  private func rule(_ node: Node) -> AccessRule? {
    let names = ["subject", "group", "everyone", "may", "keys", "commands"]
    guard let found = fields.mapping(node, "a rule", names) else { return nil }
    guard let who = who(found, node), let rights = rights(found, node) else { return nil }
    let keys = fields.text(found["keys"], "keys")
    let commands = fields.texts(found["commands"], "commands")
    if found["commands"] != nil, !rights.contains(.write) {
      fields.fault(found["commands"], "commands with the right to write", "the rule does not give it")
    }
    if found["keys"] != nil || found["commands"] != nil, rights.contains(.operate) {
      fields.fault(
        node, "a rule of its own for operate",
        "keys and commands say nothing of it: its doors show the whole service")
    }
    if found["keys"] != nil, keys == nil { return nil }
    return AccessRule(
      who: who, rights: rights, keyPrefix: Array((keys ?? "").utf8), commands: commands.map { Set($0) })
  }

  private func who(_ found: [String: Node], _ node: Node) -> AccessRule.Who? {
    let named = ["subject", "group", "everyone"].filter { found[$0] != nil }
    guard named.count == 1 else {
      fields.fault(
        node, "a rule to have one of subject, group and everyone",
        named.isEmpty ? "it has none" : "it has several")
      return nil
    }
    if let node = found["subject"] { return fields.name(node, "subject").map { .subject($0) } }
    if let node = found["group"] { return fields.name(node, "group").map { .group($0) } }
    guard found["everyone"]?.bool == true else {
      fields.fault(found["everyone"], "everyone to be true", "it is something else")
      return nil
    }
    return .everyone
  }

  private func rights(_ found: [String: Node], _ node: Node) -> Set<AccessRule.Right>? {
    let known = AccessRule.Right.allCases.map(\.rawValue)
    guard let may = found["may"] else {
      fields.fault(node, "a rule to have may, one or more of \(known.joined(separator: ", "))", "it has none")
      return nil
    }
    guard let texts = fields.texts(may, "may") else { return nil }
    var rights: Set<AccessRule.Right> = []
    for text in texts {
      guard let right = AccessRule.Right(rawValue: text) else {
        let suggestion = Suggestion.text(for: text, among: known)
        fields.fault(
          may, "may to be one or more of \(known.joined(separator: ", "))",
          "found another word" + (suggestion.hasPrefix(". ") ? " (\(suggestion.dropFirst(2)))" : ""))
        return nil
      }
      rights.insert(right)
    }
    return rights.isEmpty ? nil : rights
  }

  /// Where all who are known stand in the file, a rule for somebody else is a slip of the pen.
  private func checkNames(_ nodes: [Node]) {
    let subjects = Set(document.tokens.map(\.identity.subject))
    let groups = document.tokens.reduce(into: Set<String>()) { $0.formUnion($1.identity.groups) }
    for node in nodes {
      if let name = node.mapping?["subject"]?.string, !subjects.contains(name) {
        let suggestion = Suggestion.text(for: name, among: subjects.sorted())
        fields.fault(
          node, "a subject of one of the tokens",
          "none has this one" + (suggestion.hasPrefix(". ") ? " (\(suggestion.dropFirst(2)))" : ""))
      }
      if let name = node.mapping?["group"]?.string, !groups.contains(name) {
        fields.fault(node, "a group of one of the tokens", "none has this one")
      }
    }
  }

  private static func digest(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: 64, by: 2) {
      guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16),
        digits[index] != UInt8(ascii: "+"), digits[index] != UInt8(ascii: "-")
      else { return nil }
      bytes.append(byte)
    }
    return bytes
  }
}
