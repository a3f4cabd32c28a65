using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Infrastructure.Requests;

namespace Httpmq.Tests.Fuzz;

/// <summary>Anybody on the NATS account can answer the gateway, with anything: it is read as what it is, or not at all.</summary>
internal sealed class BrokerAnswerProperties
{
    private static readonly Gen<ulong> Sequences = Gen.OneOf(
        Gen.Elements<ulong>(1, 2, long.MaxValue, ulong.MaxValue), Gen.Choose(1, int.MaxValue).Select(number => (ulong)number));
    private static readonly Gen<string> Names = Gen.Elements("orders", "ORDERS", "a-b_c", "ünïcode", "a\"b\\c", "\u0001");
    private static readonly Gen<string> Others = Gen.Elements(
        "\"duplicate\":true", "\"domain\":\"hub\"", "\"x\":{\"seq\":7,\"stream\":[]}", "\"val\":\"1\"", "\"é\":null");

    private static readonly Gen<string> Answers = Shrunk.Damaged(
        Gen.Elements(
            """{"stream":"orders","seq":42}""",
            """{"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"},"stream":"orders","seq":0}""",
            """{"type":"io.nats.jetstream.api.v1.stream_info_response","error":null,"seq":1,"stream":null}""",
            """{"stream":"orders","seq":1e400,"error":[]}"""),
        Gen.Elements("{", "}", "[", "]", "\"", ",", ":", "-1", "1.5", "99999999999999999999", "null", "\\ud800", "\0", "é", "\"seq\"",
            "\"error\":"));

    private static readonly Gen<string> AckSubjects = Shrunk.Damaged(
        Gen.Elements("$JS.ACK.s.c.1.2.3.4.5", "$JS.ACK.d.h.s.c.1.2.3.4.5", "$JS.ACK.d.h.s.c.1.2.3.4.5.x", "$JS.ACK", "", "$JS.ACK........"),
        Gen.Elements(".", "..", "9", "18446744073709551616", "-1", "$JS.ACK.", "é", " "));

    private readonly PubAckReader _reader = new();

    [FuzzRun.Property]
    public Property Read_AnyBytesInAnyPieces_IsAnswerErrorOrNobody() => Prop.ForAll(Shrunk.Pieces(Answers), Shrunk.Pieces(
        Answers.Select(text => "NATS/1.0 " + text)), (payload, headers) =>
    {
        var reply = _reader.Read(Segments.Sequence(headers), Segments.Sequence(payload));
        Assert.That(reply.Kind, Is.AnyOf(ReplyKind.Answered, ReplyKind.NoResponders, ReplyKind.Foreign));
        if (reply is { Kind: ReplyKind.Answered, Error: null, Stream: not null })
        {
            Assert.That(reply.Sequence, Is.Positive);
        }
    });

    [FuzzRun.Property]
    public Property Read_AnAcknowledgementInAnyForm_IsStreamAndSequence() =>
        Prop.ForAll(Names.Zip(Sequences).ToArbitrary(), Gen.Shuffle([0, 1, 2]).Zip(Others).ToArbitrary(), Gen.Choose(0, 60).ArrayOf()
            .ToArbitrary(), (ack, form, cuts) =>
        {
            string[] fields = [$"\"stream\":{JsonSerializer.Serialize(ack.Item1)}", $"\"seq\":{ack.Item2}", form.Item2];
            var bytes = Encoding.UTF8.GetBytes($"{{{string.Join(", ", form.Item1.Select(index => fields[index]))}}}");
            var places = cuts.Where(cut => cut <= bytes.Length).Order().Prepend(0).Append(bytes.Length).ToArray();
            var reply = _reader.Read(headers: null, Segments.Sequence([.. places.Zip(places.Skip(1), (from, to) => bytes[from..to])]));
            var isDuplicate = form.Item2.StartsWith("\"dup", StringComparison.Ordinal);
            var value = form.Item2.EndsWith("1\"", StringComparison.Ordinal);
            Assert.That(reply, Is.EqualTo(
                new Reply(ReplyKind.Answered, ack.Item1, ack.Item2, Duplicate: isDuplicate, Value: value ? "1" : null)));
        });

    [FuzzRun.Property]
    public Property AckSubject_Built_IsReadBack() => Prop.ForAll(Names.ToArbitrary(), Sequences.ToArbitrary(), Sequences.ToArbitrary(),
        (name, stream, consumer) =>
    {
        var delivery = new DeliverySequence(stream, consumer);
        var subject = AckSubject.Build(name, name, delivery);
        Assert.That(AckSubject.TryParse(subject, out var read), Is.True);
        Assert.That(read, Is.EqualTo(delivery));
        Assert.That(
            AckSubject.TryParse(subject.Replace("$JS.ACK.", "$JS.ACK.hub.hash.", StringComparison.Ordinal) + ".token", out read), Is.True);
        Assert.That(read, Is.EqualTo(delivery));
        Assert.That(AckSubjectDetails.Read(subject), Is.EqualTo(new DeliveryDetails(1, 0, 0)));
    });

    [FuzzRun.Property]
    public Property AckSubject_AnyText_IsReadAsItsTokensOrNotAtAll() => Prop.ForAll(Shrunk.Text(AckSubjects), text =>
    {
        var tokens = text.Split('.');
        var at = tokens.Length switch { 9 => 5, >= 11 => 7, _ => -1 };
        var valid = text.StartsWith("$JS.ACK.", StringComparison.Ordinal) && at > 0;
        var expected = valid && IsNumber(tokens[at], out var stream) && IsNumber(tokens[at + 1], out var consumer)
            ? new DeliverySequence(stream, consumer)
            : (DeliverySequence?)null;
        Assert.That(AckSubject.TryParse(text, out var read) ? read : (DeliverySequence?)null, Is.EqualTo(expected));
        Assert.That(AckSubjectDetails.Read(text).Time, Is.Not.Negative);
    });

    private static bool IsNumber(string token, out ulong number) =>
        ulong.TryParse(token, out number) && token.All(char.IsAsciiDigit);
}
