using Httpmq.Api.Http;
using Microsoft.AspNetCore.Http;

namespace Httpmq.Tests.Api.Http;

/// <summary>What somebody else wrote, in a line of the log or of a terminal.</summary>
internal sealed class PlainTextTests
{
    [TestCase("", "-")]
    [TestCase("8f14e45f-ceea", "8f14e45f-ceea")]
    [TestCase("Jörg", "Jörg")]
    [TestCase("a b\tc", "a%20b%09c")]
    [TestCase("a%20b\"", "a%2520b%22")]
    [TestCase("\r\n\0\u001b[2J", "%0D%0A%00%1B[2J")]
    [TestCase("\u009b31m\u007f", "%C2%9B31m%7F")]
    [TestCase("\u2028\u2029\u202e\u200b\u00a0", "%E2%80%A8%E2%80%A9%E2%80%AE%E2%80%8B%C2%A0")]
    [TestCase("\U000E0041x\U0001F600", "%F3%A0%81%81x\U0001F600")]
    public void Word_OfAnything_IsOneWord(string value, string word) => Assert.That(PlainText.Word(value), Is.EqualTo(word));

    // The runner cannot be given halves of characters.
    [Test]
    public void Word_OfHalfACharacter_ReplacesIt() =>
        Assert.That(PlainText.Word(string.Concat("a", '\ud83d', "b", '\ude00')), Is.EqualTo("a\ufffdb\ufffd"));

    [Test]
    public void Word_VeryLong_IsCutBetweenCharacters()
    {
        var start = new string('x', PlainText.MaxWord - 1);

        Assert.That(PlainText.Word(start + new string('\u202e', 1_000_000)), Is.EqualTo($"{start}%E2%80%AE..."));
        Assert.That(PlainText.Word($"{start}\U0001F600 and more"), Is.EqualTo($"{start}..."));
    }

    [TestCase("/v1/data/subject/orders.new", "/v1/data/subject/orders.new")]
    [TestCase("", "-")]
    [TestCase("/a b 200 5B", "/a%20b%20200%205B")]
    [TestCase("/a\u001b\n\u202e", "/a%1B%0A%E2%80%AE")]
    public void Word_OfAPath_IsAsInAUrl(string path, string word) => Assert.That(PlainText.Word(new PathString(path)), Is.EqualTo(word));

    [TestCase("plain text", "plain text")]
    [TestCase("Grüße \U0001F600", "Grüße \U0001F600")]
    [TestCase("a\r\n\0\u001b\u007f\u009b", @"a\u000d\u000a\u0000\u001b\u007f\u009b")]
    [TestCase("\u2028\u2029\u202e\u2066\U000E0041", @"\u2028\u2029\u202e\u2066\udb40\udc41")]
    public void OneLine_OfAnything_StaysOnItsLine(string text, string line) => Assert.That(PlainText.OneLine(text), Is.EqualTo(line));

    [Test]
    public void OneLine_OfHalfACharacter_EscapesIt() =>
        Assert.That(PlainText.OneLine(string.Concat('\ude00', "a", '\ud83d')), Is.EqualTo(@"\ude00a\ud83d"));
}
