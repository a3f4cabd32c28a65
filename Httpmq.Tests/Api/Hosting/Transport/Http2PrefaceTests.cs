using System.Buffers;
using System.Text;
using Httpmq.Api.Hosting.Transport;
using NUnit.Framework;

namespace Httpmq.Tests.Api.Hosting.Transport;

[TestFixture]
public sealed class Http2PrefaceTests
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    [Test]
    public void Match_StrictPrefix_IsIncomplete([Range(0, 23)] int length)
    {
        Assert.That(Match(Preface[..length]), Is.EqualTo(PrefaceMatch.Incomplete));
    }

    [TestCase("")]
    [TestCase("\0\0\x12\x04 and more")]
    public void Match_WholePreface_IsHttp2(string more)
    {
        Assert.That(Match(Preface + more), Is.EqualTo(PrefaceMatch.Http2));
    }

    [Test]
    public void Match_OneByteDiffers_IsHttp1([Range(0, 23)] int position)
    {
        var bytes = Preface.ToCharArray();
        bytes[position] ^= '\x01';

        Assert.That(Match(new string(bytes)), Is.EqualTo(PrefaceMatch.Http1));
    }

    [TestCase("G")]
    [TestCase("POST / HTTP/1.1\r\n\r\n")]
    [TestCase("PRI * HTTP/2.1")]
    [TestCase("\x16\x03\x01")]
    public void Match_OtherBytes_IsHttp1(string text)
    {
        Assert.That(Match(text), Is.EqualTo(PrefaceMatch.Http1));
    }

    [Test]
    public void Match_ManySegments_ReadsAcrossThem([Range(1, 23)] int split)
    {
        var bytes = Encoding.Latin1.GetBytes(Preface);
        var first = new Segment(bytes.AsMemory(0, split), 0);
        var last = first.Append(bytes.AsMemory(split));
        var sequence = new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);

        Assert.That(Http2Preface.Match(sequence), Is.EqualTo(PrefaceMatch.Http2));
    }

    private static PrefaceMatch Match(string text) =>
        Http2Preface.Match(new ReadOnlySequence<byte>(Encoding.Latin1.GetBytes(text)));

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long start)
        {
            Memory = memory;
            RunningIndex = start;
        }

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
