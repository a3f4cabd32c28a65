using System.Buffers;
using System.Runtime.ExceptionServices;
using System.Text;
using Httpmq.Api.Bodies;
using Httpmq.Api.Errors;
using Httpmq.Api.Settling;
using Httpmq.Domain.Errors;

namespace Httpmq.Tests.Api.Settling;

/// <summary>What an acknowledgement of any shape costs to read.</summary>
internal sealed class AckRequestTests
{
    [TestCase("1", "10001 or more pairs")]
    [TestCase("""{"stream":1,"consumer":1}""", "10001 or more pairs")]
    [TestCase("[[[[]]]]", "10001 or more pairs")]
    [TestCase("""{"stream":"1"}""", "10001 or more pairs")]
    [TestCase("""{"stream":-1,"consumer":1e9}""", "10001 or more pairs")]
    [TestCase("""{"token":"x","sequence":{"stream":{}}}""", "10001 or more pairs")]
    [TestCase("{", "line 1")]
    public void Read_AMillionElements_IsRefusedAtTheLimitWithOneException(string element, string detail)
    {
        var body = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat(element, 1_000_000))}]");
        var before = GC.GetAllocatedBytesForCurrentThread();

        var thrown = CountExceptions(() => Assert.That(Refusal(body), Does.Contain(detail)));

        using (Assert.EnterMultipleScope())
        {
            // The reader's own, and what it is turned into.
            Assert.That(thrown, Is.LessThan(10));
            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(8 * 1024 * 1024));
        }
    }

    [TestCase("1")]
    [TestCase("\"x\"")]
    [TestCase("true")]
    [TestCase("[]")]
    [TestCase("""{"stream":"1","consumer":1}""")]
    [TestCase("""{"stream":1,"consumer":[]}""")]
    [TestCase("""{"stream":1,"consumer":18446744073709551616}""")]
    [TestCase("""{"sequence":{"stream":"a","consumer":1}}""")]
    public void Read_ElementsThatAreNone_ThrowsNothing(string element)
    {
        var body = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat(element, 10_000))}]");
        AckRequest? read = null;

        var thrown = CountExceptions(() => read = Read(body));

        Assert.That(thrown, Is.Zero);
        Assert.That(
            read!.Pairs, Has.Count.EqualTo(10_000).And.All.Matches<Httpmq.Application.Settling.AckPair>(pair => pair.Invalid is not null));
    }

    [Test]
    public void Read_HugeUnknownFieldsAndNames_KeepsNothingOfThem()
    {
        var text = new string('x', 700);
        var pair = $$"""{"{{text}}":"{{text}}","stream":"{{text}}","sequence":{"stream":1,"consumer":1} }""";
        var body = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat(pair, 3_000))}]");
        var before = GC.GetAllocatedBytesForCurrentThread();

        Read(body);

        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(body.Length / 2));
    }

    [TestCase("""{"stream":1,"stream":2,"consumer":3}""", 2UL, 3UL)]
    [TestCase("""{"STREAM":1,"Consumer":2}""", 1UL, 2UL)]
    [TestCase("""{"\u0073tream":1,"consumer":2}""", 1UL, 2UL)]
    [TestCase("""{"sequence":{"stream":8,"consumer":9},"stream":1,"consumer":2}""", 1UL, 2UL)]
    [TestCase("""{"sequence":{"stream":8,"consumer":9},"stream":"s","consumer":"c"}""", 8UL, 9UL)]
    [TestCase("""{"x":{"stream":5},"stream":1,"y":[{"consumer":6}],"consumer":2}""", 1UL, 2UL)]
    [TestCase("""{"stream":null,"consumer":2}""", null, 2UL)]
    public void Read_OneOrInAnArray_IsTheSamePair(string element, ulong? stream, ulong? consumer)
    {
        foreach (var body in new[] { element, $"[{element}]" })
        {
            var pair = Read(Encoding.UTF8.GetBytes(body)).Pairs.Single();
            Assert.That((pair.Stream, pair.Consumer, pair.Invalid), Is.EqualTo((stream, consumer, (string?)null)));
        }
    }

    private static AckRequest Read(byte[] body) =>
        (AckRequest)JsonBodyFormatter.Parse(new ReadOnlySequence<byte>(body), SettlingJson.Wire.AckRequest, new BodyBuffers(long.MaxValue));

    private static string Refusal(byte[] body)
    {
        try
        {
            Read(body);
            return "read";
        }
        catch (HttpmqException exception)
        {
            return exception.Error.Detail();
        }
    }

    private static int CountExceptions(Action action)
    {
        var (count, thread) = (0, Environment.CurrentManagedThreadId);
        void Count(object? sender, FirstChanceExceptionEventArgs args) => count += Environment.CurrentManagedThreadId == thread ? 1 : 0;
        AppDomain.CurrentDomain.FirstChanceException += Count;
        try
        {
            action();
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= Count;
        }

        return count;
    }
}
