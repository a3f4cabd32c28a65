using Httpmq.Api.Http;

namespace Httpmq.Tests.Api.Http;

internal sealed class SpellingTests
{
    private static readonly string[] Known = ["max_age", "max_msgs", "subjects", "filter_subject", "ack_wait", "name"];

    [TestCase("maxAge", "max_age")]
    [TestCase("MAX-AGE", "max_age")]
    [TestCase("subject", "subjects")]
    [TestCase("sujbects", "subjects")]
    [TestCase("filter", "filter_subject")]
    [TestCase("akc_wait", "ack_wait")]
    [TestCase("nmae", "name")]
    [TestCase("replicas", null)]
    [TestCase("x", null)]
    [TestCase("", null)]
    [TestCase("___", null)]
    public void Nearest_OfAWord_IsTheOneThatWasMeant(string word, string? expected) =>
        Assert.That(Spelling.Nearest(word, Known), Is.EqualTo(expected));

    [Test]
    public void Nearest_OfAHugeWord_IsNone() => Assert.That(Spelling.Nearest(new string('m', 1_000_000), Known), Is.Null);
}
