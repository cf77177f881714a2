import Testing

@testable import SequiturProjections

/// Values in SQL statements.
@Suite struct SQLTemplateTests {
  private func template(_ sql: String) throws -> SQLTemplate {
    try SQLTemplate(sql) { words throws(ValueSyntax.Fault) in try ValueSyntax.parse(words) }
  }

  @Test(
    arguments: [
      ("insert into a values (:$id, :total)", "insert into a values ($1, $2)", 2),
      ("update a set n = :n where k = :$key and m <> :n", "update a set n = $1 where k = $2 and m <> $1", 2),
      ("select :a.b, :/items/0", "select $1, $2", 2),
      ("select :n::bigint, now()::date", "select $1::bigint, now()::date", 1),
      ("select ':n', \":n\", 'it''s :n'", "select ':n', \":n\", 'it''s :n'", 0),
      ("select 1 -- :n\n, :n", "select 1 -- :n\n, $1", 1),
      ("select /* :n ; */ :n", "select /* :n ; */ $1", 1),
      ("select $$:n$$, $q$ :n $q$, :n", "select $$:n$$, $q$ :n $q$, $1", 1),
      ("delete from a where b = :b;  \n", "delete from a where b = $1", 1),
      ("select :$header.content-type", "select $1", 1),
      ("select a[1:2]", "select a[1:2]", 0),
    ])
  func `values become parameters, outside of quotes and comments`(sql: String, statement: String, count: Int)
    throws
  {
    let template = try template(sql)
    #expect(template.statement.trimmingSpace == statement.trimmingSpace)
    #expect(template.parameters.count == count)
  }

  @Test func `values are read as in rules`() throws {
    #expect(
      try template("select :$header.content-type, :a.b, :/a~1b/0, :$payload").parameters
        == [.header("content-type"), .field(["a", "b"]), .field(["a/b", "0"]), .payload])
  }
}

extension String {
  fileprivate var trimmingSpace: Substring {
    self[...].drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed().reduce(into: "") {
      $0.append($1)
    }
  }
}
