using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Domain.Messages;
using Httpmq.Tests.Fuzz;

namespace Httpmq.Tests.Domain;

/// <summary>A header block as NATS has it: what is built is read back, and what anybody else wrote does no harm.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class MessageHeadersTests
{
    private static readonly Gen<byte[]> Blocks = Shrunk.Damaged(
            Gen.Elements("NATS/1.0\r\nA: b\r\nC:d\r\n\r\n", "NATS/1.0 503\r\n\r\n", "NATS/1.0\r\n", "NATS/1.0", "", "\r\n\r\n", "A: b"),
            Gen.Elements("\r", "\n", "\r\n", ":", " ", "\t", "\0", "é", "X: y\r\n", "NATS/1.0\r\n"))
        .Select(Encoding.Latin1.GetBytes);

    [Test]
    public void TryCreate_NamesAndValues_AreOneBlockInTheirOrder()
    {
        var headers = Create(("Trace-Id", "7"), ("trace-id", "ünï:cöde"), ("Trace-Id", ""));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Encoding.UTF8.GetString(
                headers.Block.Span), Is.EqualTo("NATS/1.0\r\nTrace-Id: 7\r\ntrace-id: ünï:cöde\r\nTrace-Id: \r\n\r\n"));
            Assert.That(Read(headers), Is.EqualTo([("Trace-Id", "7"), ("trace-id", "ünï:cöde"), ("Trace-Id", "")]));
        }
    }

    [Test]
    public void TryCreate_NoPairs_IsNoBlock()
    {
        Assert.That(MessageHeaders.TryCreate([], out var headers, out var reason), Is.True);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(reason, Is.Null);
            Assert.That(headers.IsEmpty, Is.True);
            Assert.That(Read(headers), Is.Empty);
        }
    }

    [TestCase("", "v", "a header has an empty name")]
    [TestCase("a b", "v", "header 'a b': the name holds U+0020")]
    [TestCase("a:b", "v", "header 'a:b': the name holds U+003A")]
    [TestCase("a\r\nb", "v", "header 'a??b': the name holds U+000D")]
    [TestCase("a\n", "v", "header 'a?': the name holds U+000A")]
    [TestCase("a\u007F", "v", "header 'a?': the name holds U+007F")]
    [TestCase("é", "v", "header '?': the name holds U+00E9")]
    [TestCase("Name", "v\r\nInjected: x", "header 'Name': the value has a line break at position 1")]
    [TestCase("Name", "\r", "header 'Name': the value has a line break at position 0")]
    [TestCase("Name", "ab\n", "header 'Name': the value has a line break at position 2")]
    public void TryCreate_WhatNatsDoesNotAllow_IsRefusedAndNamed(string name, string value, string expected)
    {
        var taken = MessageHeaders.TryCreate([new("Good", "x"), new(name, value)], out var headers, out var reason);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(taken, Is.False);
            Assert.That(reason, Does.StartWith(expected));
            Assert.That(headers.IsEmpty, Is.True);
        }
    }

    /// <summary>Half a character would be stored as another one. No test case: attributes cannot hold it.</summary>
    [Test]
    public void TryCreate_HalfACharacter_IsRefused()
    {
        var taken = MessageHeaders.TryCreate([new("Name", "a\uD800b")], out _, out var reason);

        Assert.That((taken, reason), Is.EqualTo((false, "header 'Name': the value is no valid text at position 1")));
    }

    [Test]
    public void TryCreate_LongBadName_IsNamedInShort()
    {
        MessageHeaders.TryCreate([new(new string('a', 10_000) + " ", "v")], out _, out var reason);

        Assert.That(reason, Has.Length.LessThan(200));
    }

    [TestCase("NATS/1.0\r\nA:b\r\nB :c\r\n:d\r\nnothing\r\nC:\t d \t\r\n\r\nE: f\r\n", "A=b|C=d")]
    [TestCase("NATS/1.0\nA: b\nC: d", "A=b|C=d")]
    [TestCase("NATS/1.0\r\nA: b\rC: d\r\n\r\n", "A=b|C=d")]
    [TestCase("NATS/1.0 503 No Responders\r\n\r\n", "")]
    [TestCase("A: b", "")]
    [TestCase("", "")]
    public void Enumerate_BlocksOfOthers_YieldsTheHeadersInThem(string block, string expected)
    {
        var headers = MessageHeaders.Wrap(Encoding.UTF8.GetBytes(block));

        Assert.That(string.Join('|', Read(headers).Select(header => $"{header.Name}={header.Value}")), Is.EqualTo(expected));
    }

    [FuzzRun.Property]
    public Property Enumerate_AnyBytes_EndsAndYieldsNoLineBreaks() => Prop.ForAll(Shrunk.Array(Blocks), block =>
    {
        foreach (var header in MessageHeaders.Wrap(block))
        {
            Assert.That(header.Name.ContainsAnyExceptInRange((byte)'!', (byte)'~') || header.Name.IsEmpty
                || header.Name.Contains((byte)':'), Is.False);
            Assert.That(header.Value.ContainsAny("\r\n"u8), Is.False);
        }
    });

    [Test]
    public void Enumerate_Headers_AllocatesNothing()
    {
        var headers = Create(("A", "b"), ("C", "d"));
        Count();
        var before = GC.GetAllocatedBytesForCurrentThread();

        Count();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(allocated, Is.Zero);

        int Count()
        {
            var count = 0;
            foreach (var header in headers)
            {
                count += header.Name.Length;
            }

            return count;
        }
    }

    private static MessageHeaders Create(params (string Name, string Value)[] pairs)
    {
        var taken = MessageHeaders.TryCreate(
            [.. pairs.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))], out var headers, out var reason);
        Assert.That(taken, Is.True, reason);
        return headers;
    }

    private static List<(string Name, string Value)> Read(MessageHeaders headers)
    {
        var read = new List<(string, string)>();
        foreach (var header in headers)
        {
            read.Add((Encoding.ASCII.GetString(header.Name), Encoding.UTF8.GetString(header.Value)));
        }

        return read;
    }
}
