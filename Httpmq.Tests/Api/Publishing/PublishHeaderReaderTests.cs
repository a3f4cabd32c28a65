using System.Text;
using Httpmq.Api.Errors;
using Httpmq.Api.Publishing;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;
using Microsoft.AspNetCore.Http;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>Which headers of a request become headers of its message.</summary>
internal sealed class PublishHeaderReaderTests
{
    [TestCase("trace-id", "Trace-Id")]
    [TestCase("TRACE-ID", "Trace-Id")]
    [TestCase("x", "X")]
    [TestCase("a--b_c", "A--B_c")]
    [TestCase("-", "-")]
    [TestCase("1a", "1a")]
    [TestCase("", "")]
    public void Canonical_AnySpelling_IsOne(string name, string expected) =>
        Assert.That(PublishHeaderReader.Canonical(name), Is.EqualTo(expected));

    [Test]
    public void Read_OrdinaryHeaders_AreNone() => Assert.That(
        PublishHeaderReader.Read(new HeaderDictionary { ["Host"] = "h", ["Accept"] = "*/*", ["Httpmq-Request-ID"] = "r" }),
        Is.Null);

    [Test]
    public void Read_SeveralOfOneName_AreSeveralValues() =>
        Assert.That(LinesOf(new HeaderDictionary { ["httpmq-header-a"] = new(["1", "2"]) }), Is.EqualTo("A: 1\r\nA: 2"));

    [Test]
    public void Read_AnEmptyValue_IsAHeaderWithoutOne() =>
        Assert.That(LinesOf(new HeaderDictionary { ["Httpmq-Header-A"] = new([string.Empty]) }), Is.EqualTo("A: "));

    [Test]
    public void Read_SeveralMistakes_AreAllNamed()
    {
        var headers = new HeaderDictionary { ["Nats-TTL"] = "x", ["If-Match"] = "x", ["Nats-Msg-Id"] = new(["a", "b"]) };

        var error = Assert.Throws<HttpmqException>(() => PublishHeaderReader.Read(headers))!.Error;

        Assert.That(
            error.Detail(), Does.Contain("Nats-TTL: ").And.Contain("If-Match: ").And.Contain("Nats-Msg-Id: 'b' is another Nats-Msg-Id"));
    }

    private static string LinesOf(HeaderDictionary request)
    {
        Assert.That(Subject.TryParse("a", out var subject, out _), Is.True);
        Assert.That(PublishHeaderReader.Read(request)!.Build(subject, out var headers, out _), Is.Null);
        return Encoding.UTF8.GetString(headers.Block.Span)[10..^4];
    }
}
