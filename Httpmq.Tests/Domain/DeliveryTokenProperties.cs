using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Tests.Fuzz;

namespace Httpmq.Tests.Domain;

/// <summary>A token is read as what it was written for, and nothing else is a token.</summary>
internal sealed class DeliveryTokenProperties
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    private static readonly DeliveryToken Tokens = Of("orders", "billing");

    // Small numbers, the edges of each length, and the largest.
    private static readonly Gen<ulong> Sequences = Gen.OneOf(
        Gen.Choose(1, 300).Select(number => (ulong)number),
        Gen.Choose(0, 63).Select(bit => 1UL << bit),
        Gen.Choose(1, 64).Select(bits => ulong.MaxValue >> (64 - bits)),
        ArbMap.Default.GeneratorFor<ulong>());

    private static readonly Gen<DeliverySequence> Deliveries = Sequences.Two().Select(pair => new DeliverySequence(pair.Item1, pair.Item2));

    private static readonly Gen<string> Names = Gen.Elements(
        "a", "b", "ab", "orders", "orders2", "order", "ORDERS", "billing", "s-1", "s_1", "1", "11");

    [FuzzRun.Property(2000)]
    public Property TryParse_WhatWasWritten_IsTheDelivery() =>
        Prop.ForAll(Deliveries.ToArbitrary(), delivery =>
        {
            var token = Write(Tokens, delivery);
            return token.Length <= DeliveryToken.MaxLength && token.All(Alphabet.Contains) && Read(Tokens, token) == delivery;
        });

    [FuzzRun.Property(1000)]
    public Property TryParse_OneCharacterWrong_IsRefused() =>
        Prop.ForAll(Deliveries.Zip(Gen.Choose(0, DeliveryToken.MaxLength)).Zip(Gen.Elements((Alphabet + "+/= \n.é\0").ToCharArray()))
            .ToArbitrary(), input =>
        {
            var ((delivery, place), wrong) = input;
            var token = Write(Tokens, delivery).ToCharArray();
            place %= token.Length;
            var same = token[place] == wrong;
            token[place] = wrong;
            return same || Read(Tokens, new string(token)) is null;
        });

    [FuzzRun.Property(1000)]
    public Property TryParse_NeighboursSwapped_IsRefused() =>
        Prop.ForAll(Deliveries.Zip(Gen.Choose(0, DeliveryToken.MaxLength)).ToArbitrary(), input =>
        {
            var token = Write(Tokens, input.Item1).ToCharArray();
            var place = input.Item2 % (token.Length - 1);
            (token[place], token[place + 1]) = (token[place + 1], token[place]);
            return token[place] == token[place + 1] || Read(Tokens, new string(token)) is null;
        });

    [FuzzRun.Property(1000)]
    public Property TryParse_CutLengthenedOrPutTogether_IsRefused() =>
        Prop.ForAll(Deliveries.Two().Zip(Gen.Choose(0, DeliveryToken.MaxLength)).ToArbitrary(), input =>
        {
            var ((first, second), cut) = input;
            var token = Write(Tokens, first);
            var other = Write(Tokens, second);
            cut %= token.Length;
            var mixed = string.Concat(token.AsSpan(0, cut), other.AsSpan(Math.Min(cut, other.Length)));
            return Read(Tokens, token[..cut]) is null
                && Read(Tokens, token + token[cut]) is null
                && Read(Tokens, token + "A") is null
                && (mixed == token || mixed == other || Read(Tokens, mixed) is null);
        });

    [FuzzRun.Property(2000)]
    public Property TryParse_OfAnotherStreamOrConsumer_IsRefused() =>
        Prop.ForAll(Deliveries.Zip(Names.Two().Two()).ToArbitrary(), input =>
        {
            var (delivery, ((stream, consumer), (otherStream, otherConsumer))) = input;
            var same = stream == otherStream && consumer == otherConsumer;
            return same == (Read(Of(otherStream, otherConsumer), Write(Of(stream, consumer), delivery)) == delivery);
        });

    [FuzzRun.Property(1000)]
    public Property Write_SequencesSwapped_IsAnotherToken() =>
        Prop.ForAll(Deliveries.ToArbitrary(), delivery =>
            delivery.Stream == delivery.Consumer
            || Write(Tokens, delivery) != Write(Tokens, new DeliverySequence(delivery.Consumer, delivery.Stream)));

    [FuzzRun.Property(2000)]
    public Property TryParse_AnyText_IsRefused() =>
        Prop.ForAll(Shrunk.Text(Gen.Elements(Alphabet.ToCharArray()).ArrayOf().Select(characters => new string(characters))), text =>
            Read(Tokens, text) is null);

    [TestCase("")]
    [TestCase("1")]
    [TestCase("AAAAAAAA")]
    [TestCase("\"")]
    [TestCase("=====")]
    [TestCase("                                  ")]
    public void TryParse_NoToken_IsRefused(string text) => Assert.That(Read(Tokens, text), Is.Null);

    [Test]
    public void Write_OneDelivery_IsTheSameForEver() =>
        Assert.That(Write(Tokens, new DeliverySequence(6, 1)), Is.EqualTo("AQYBGPb9XA"), "tokens outlive the process that wrote them");

    [Test]
    public void WriteAndTryParse_ATokenOfTheLargestSequences_AllocateNothing()
    {
        var utf8 = new byte[DeliveryToken.MaxLength];
        var delivery = new DeliverySequence(ulong.MaxValue, ulong.MaxValue);
        var length = Tokens.Write(delivery, utf8);
        Assert.That(Tokens.TryParse(utf8.AsSpan(0, length), out _), Is.True);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Tokens.Write(delivery, utf8);
        _ = Tokens.TryParse(utf8.AsSpan(0, length), out _);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static DeliveryToken Of(string stream, string consumer) =>
        DeliveryToken.Of(StreamName.OfExisting(stream), ConsumerName.OfExisting(consumer));

    private static string Write(DeliveryToken tokens, DeliverySequence delivery)
    {
        var utf8 = new byte[DeliveryToken.MaxLength];
        return Encoding.ASCII.GetString(utf8.AsSpan(0, tokens.Write(delivery, utf8)));
    }

    private static DeliverySequence? Read(DeliveryToken tokens, string text) =>
        tokens.TryParse(Encoding.UTF8.GetBytes(text), out var delivery) ? delivery : null;
}
