import ReadableText
import Testing

struct EditDistanceTests {
  @Test(arguments: [
    ("", "", 0), ("lanes", "lanes", 0), ("Lanes", "lAnes", 0), ("lanes", "lane", 1), ("lane", "lanes", 1),
    ("lanes", "lines", 1), ("lanes", "lnaes", 1), ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3),
    ("ab", "ba", 1), ("abc", "cba", 2),
  ])
  func `the distance is the number of changes`(first: String, second: String, distance: Int) {
    #expect(EditDistance.between(EditDistance.scalars(first), EditDistance.scalars(second)) == distance)
    #expect(EditDistance.between(EditDistance.scalars(second), EditDistance.scalars(first)) == distance)
  }

  @Test func `a long word is looked at in part`() {
    #expect(EditDistance.scalars(String(repeating: "é", count: 1000)).count == EditDistance.scalarsMax)
  }

  @Test(arguments: [
    ("lnaes", ". Did you mean `lanes`?"), ("LANES", ". Did you mean `lanes`?"),
    ("memry", ". Did you mean `memory`?"),
    ("something", ""), ("", ""),
  ])
  func `the word that was probably meant is named`(word: String, sentence: String) {
    #expect(Suggestion.text(for: word, among: ["lanes", "memory", "envelope"]) == sentence)
  }
}
