import Foundation
import RulesModel
import Sequitur
import TestBroker
import Testing

/// docs/rules.md is the reference: what the code has, the page has.
struct LanguageReferenceTests {
  private func text(_ path: String) throws -> String {
    try String(contentsOf: PackageRoot.url.appending(path: path), encoding: .utf8)
  }

  @Test func `every function is in the reference, and those of migrations on their page`() throws {
    let (rules, changes) = (try text("docs/rules.md"), try text("docs/changing-rules.md"))
    for function in Function.allCases {
      #expect(rules.contains("`\(function.rawValue)("), "\(function)")
      if function.isConversion { #expect(changes.contains("`\(function.rawValue)(state.x)`"), "\(function)") }
    }
  }

  @Test func `every operator, name and type is in the reference`() throws {
    let page = try text("docs/rules.md")
    let grammar = try #require(page.components(separatedBy: "```").first { $0.contains("expression  =") })
    for sign in Operator.allCases { #expect(grammar.contains("\"\(sign.rawValue)\""), "\(sign)") }
    for value in ContextValue.allCases { #expect(grammar.contains("\"\(value.rawValue)\""), "\(value)") }
    let types: [FieldType] = [
      .string, .integer, .number, .boolean, .decimal(scale: 2), .timestamp, .duration, .enumeration([]),
      .list,
    ]
    let table = try #require(page.components(separatedBy: "\n## ").first { $0.hasPrefix("Types") })
    for type in types { #expect(table.contains(type.name), "\(type)") }
  }

  @Test func `every code is in the reference and in the record contract`() throws {
    let source = try text("Sources/Sequitur/RejectionCode.swift")
    let codes = source.matches(of: /static let \w+ = RejectionCode\(rawValue: "([a-z-]+)"\)/)
      .map { String($0.1) }
    #expect(codes.count == 13 && codes.contains(RejectionCode.deciderError.rawValue))
    for page in ["docs/rules.md", "docs/record-contract.md"] {
      let text = try text(page)
      #expect(codes.filter { !text.contains("`\($0)`") } == [], "\(page)")
    }
  }

  /// Keys of mappings, as the readers ask for them.
  @Test func `every key of the file is in the reference`() throws {
    let page = try text("docs/rules.md") + text("docs/changing-rules.md")
    for file in ["", "+Commands", "+Examples", "+Fields", "+Migrations"] {
      let source = try text("Sources/RulesModel/Reader/RulesReader\(file).swift")
      for key in source.matches(of: /keys\["([a-z-]+)"\]/).map({ String($0.1) }) {
        #expect(page.contains("`\(key)`") || page.contains("\(key):"), "\(key)")
      }
    }
  }
}
