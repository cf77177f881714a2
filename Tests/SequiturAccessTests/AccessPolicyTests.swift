import SequiturHTTP
import Testing

@testable import SequiturAccess

/// What rules allow.
struct AccessPolicyTests {
  private static let policy = AccessPolicy(rules: [
    AccessRule(
      who: .subject("shop"), rights: [.write], keyPrefix: Array("order-".utf8), commands: ["create", "pay"]),
    AccessRule(who: .subject("shop"), rights: [.read], keyPrefix: Array("order-".utf8)),
    AccessRule(who: .group("clerks"), rights: [.read, .write]),
    AccessRule(who: .subject("probe"), rights: [.operate]),
  ])

  private static func key(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test(
    arguments: [
      ("shop", .write(key: key("order-1"), command: "pay"), true),
      ("shop", .write(key: key("order-1"), command: "ship"), false),
      ("shop", .write(key: key("order"), command: "pay"), false),
      ("shop", .write(key: key("Order-1"), command: "pay"), false),
      ("shop", .write(key: key(""), command: "pay"), false),
      ("shop", .write(key: nil, command: "pay"), false),
      ("shop", .write(key: key("order-1"), command: nil), false),
      ("shop", .read(key: key("order-")), true), ("shop", .read(key: key("sku-1")), false),
      ("shop", .read(key: nil), false), ("shop", .outcome(key: key("order-9")), true),
      ("shop", .outcome(key: key("sku-9")), false), ("shop", .outcome(key: []), false),
      ("shop", .operate, false), ("shop", .known, true), ("shop", .open, true),
      ("clerk", .read(key: nil), true), ("clerk", .write(key: nil, command: nil), true),
      ("clerk", .write(key: key("x"), command: "any"), true), ("clerk", .operate, false),
      ("clerk", .outcome(key: key("x")), true),
      ("probe", .operate, true), ("probe", .read(key: key("order-1")), false),
      ("probe", .outcome(key: key("order-1")), false),
      ("nobody", .read(key: key("order-1")), false), ("nobody", .known, true), ("nobody", .operate, false),
      // A group's name is no subject's.
      ("clerks", .read(key: nil), false),
    ] as [(String, HTTPAccess, Bool)])
  func `what no rule allows is not allowed`(subject: String, access: HTTPAccess, isAllowed: Bool) {
    let identity = Identity(subject: subject, groups: subject == "clerk" ? ["clerks", "shop"] : [])
    #expect(Self.policy.caller(identity).may(access) == isAllowed, "\(subject) \(access)")
  }
}
