using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Api.Subscriptions.Framing;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;

namespace Httpmq.Tests.Fuzz;

/// <summary>A line of a subscription says what was delivered, whatever that was, and is one line.</summary>
internal sealed class LineFrameProperties
{
    private static readonly Gen<string> Texts =
        Gen.Frequency(
            (4, Gen.Elements("a", "b", ".", "-", "orders")),
            (2, Gen.Elements(
                "\"", "\\", "\n", "\r", "\0", "\u0001", "\u007F", "\u2028", "<", "&", "/", "'", "+", "é", "漢", "😀", "\uFEFF", "\uFFFD")))
        .ArrayOf()
        .Select(string.Concat);

    // Around the sizes at which the encoder starts another piece.
    private static readonly Gen<byte[]> Payloads =
        Gen.OneOf(Gen.Choose(0, 10), Gen.Choose(2300, 2310), Gen.Choose(4600, 4620), Gen.Choose(0, 20_000))
            .SelectMany(length => Gen.Choose(0, int.MaxValue), (length, seed) =>
            {
                var bytes = new byte[length];
                new System.Random(seed).NextBytes(bytes);
                return bytes;
            });

    private static readonly Gen<ulong> Numbers = Gen.OneOf(
        Gen.Elements<ulong>(0, 1, 9, 10, long.MaxValue, ulong.MaxValue), Gen.Choose(0, int.MaxValue).Select(number => (ulong)number));

    [FuzzRun.Property]
    public Property Write_AnyDelivery_IsOneLineOfJsonThatSaysSo() =>
        Prop.ForAll(Shrunk.Text(Texts), Shrunk.Text(Texts), Shrunk.Array(
            Payloads.Zip(Numbers.Zip(Numbers)).ArrayOf().Resize(3)), (subject, requestId, deliveries) =>
        {
            // By turns with and without what can be asked for.
            var options = new FramingOptions(requestId.Length % 2 == 0 ? requestId : null, Metadata: subject.Length % 2 == 0);
            var details = new DeliveryDetails(ulong.MaxValue, ulong.MaxValue, long.MaxValue);

            // Headers are not for these lines.
            var headers = MessageHeaders.Wrap("NATS/1.0\r\nA: b\r\n\r\n"u8.ToArray());
            var lines = Lines(output =>
            {
                var writer = new JsonFrameWriter(output, requestId, "stream", "consumer", options);
                var written = deliveries.Sum(delivery => (long)writer.Write(new Delivery(
                    subject, new DeliverySequence(delivery.Item2.Item1, delivery.Item2.Item2), delivery.Item1, headers, details)));
                Assert.That(writer.Bytes, Is.EqualTo(written));
                return written;
            });
            Assert.That(lines, Has.Length.EqualTo(deliveries.Length));
            foreach (var (line, (payload, (stream, consumer))) in lines.Zip(deliveries))
            {
                using var json = JsonDocument.Parse(line);
                var root = json.RootElement;
                Assert.That(root.GetProperty("success").GetBoolean(), Is.True);
                Assert.That(root.GetProperty("request_id").GetString(), Is.EqualTo(requestId));
                Assert.That(root.GetProperty("subject").GetString(), Is.EqualTo(options.SubjectName ?? subject));
                Assert.That(root.GetProperty("message_subject").GetString(), Is.EqualTo(subject));
                Assert.That(root.TryGetProperty("deliveries", out var count), Is.EqualTo(options.Metadata));
                if (options.Metadata)
                {
                    var token = DeliveryToken.Of(StreamName.OfExisting("stream"), ConsumerName.OfExisting("consumer"));
                    Assert.That(count.GetUInt64(), Is.EqualTo(ulong.MaxValue));
                    Assert.That(root.GetProperty("pending").GetUInt64(), Is.EqualTo(ulong.MaxValue));
                    Assert.That(
                        root.GetProperty("time").GetDateTimeOffset(), Is.EqualTo(DateTimeOffset.UnixEpoch.AddTicks(long.MaxValue / 100)));
                    Assert.That(token.TryParse(Encoding.UTF8.GetBytes(root.GetProperty("token").GetString()!), out var named), Is.True);
                    Assert.That(named, Is.EqualTo(new DeliverySequence(stream, consumer)));
                }

                Assert.That(root.GetProperty("sequence").GetProperty("stream").GetUInt64(), Is.EqualTo(stream));
                Assert.That(root.GetProperty("sequence").GetProperty("consumer").GetUInt64(), Is.EqualTo(consumer));
                Assert.That(root.GetProperty("b64_msg").GetBytesFromBase64(), Is.EqualTo(payload));
            }
        });

    [FuzzRun.Property]
    public Property WriteEnd_AnyError_IsOneLineOfJsonThatSaysSo() => Prop.ForAll(Shrunk.Text(Texts), Shrunk.Text(Texts),
        (message, detail) =>
    {
        var lines = Lines(output =>
        {
            var writer = new JsonFrameWriter(output, "id", "stream", "consumer", new FramingOptions());
            writer.WriteEnd(
                new Error(SubscriptionErrorTypes.Broken, new Operation(OperationKind.Publish, Subject: message), ("reason", detail)));
            return writer.Bytes;
        });
        using var json = JsonDocument.Parse(lines.Single());
        Assert.That(json.RootElement.GetProperty("error").GetProperty("message").GetString(), Is.EqualTo(
            $"Unable to publish message to {message}"));
        Assert.That(json.RootElement.GetProperty("error").GetProperty("detail").GetString(), Is.EqualTo(detail));
    });

    /// <summary>What was written, without the line breaks; each line has one at its end.</summary>
    private static string[] Lines(Func<PipeWriter, long> write)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0, minimumSegmentSize: 64, useSynchronizationContext: false));
        var length = write(pipe.Writer);
        pipe.Writer.Complete();
        pipe.Reader.TryRead(out var result);
        var bytes = result.Buffer.ToArray();
        pipe.Reader.Complete();
        Assert.That(bytes, Has.Length.EqualTo(length));
        var lines = Encoding.UTF8.GetString(bytes).Split('\n');
        Assert.That(lines[^1], Is.Empty);
        return lines[..^1];
    }
}
