using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;

namespace Httpmq.Infrastructure.Ledger;

/// <summary>What a consumer's leader said a moment ago.</summary>
/// <param name="Entry">Where it is kept.</param>
/// <param name="Rules">The consumer's.</param>
/// <param name="Said">The mark that it said.</param>
/// <param name="HasCopies">Whether it named its copies.</param>
/// <param name="Wanted">How many copies its configuration asks for; 0: as many as the stream has.</param>
/// <param name="LeadsForCertain">Whether it can be no copy, and no leader that was replaced unnoticed.</param>
/// <param name="Generation">That of the entry when it was asked.</param>
/// <param name="AskedAt">When it was asked, as a timestamp.</param>
internal sealed record KnownConsumer(
    ConsumerEntry Entry,
    AckRules Rules,
    DeliverySequence Said,
    bool HasCopies,
    int Wanted,
    bool LeadsForCertain,
    long Generation,
    long AskedAt)
{
    /// <summary>The leader's mark, or what went through here since.</summary>
    public DeliverySequence Mark => new(Math.Max(Said.Stream, Entry.Mark.Stream), Math.Max(Said.Consumer, Entry.Mark.Consumer));

    public bool IsInDoubt => Entry.IsInDoubt(Rules.SteadySince);

    /// <summary>Whether no leader before can have made so many deliveries that this one does not know of.</summary>
    public bool IsFarBeyond(in DeliverySequence delivery) =>
        LeadsForCertain && Entry.IsSettled && delivery.Consumer > Mark.Consumer
            && delivery.Consumer - Mark.Consumer > Rules.MostUnknown;

    public bool IsBeyond(in DeliverySequence delivery) => delivery.Stream > Mark.Stream || delivery.Consumer > Mark.Consumer;
}

/// <summary>How asking a consumer's leader ended; without anything: there is no such consumer.</summary>
/// <param name="Known">What it said.</param>
/// <param name="OtherPolicy">Its deliveries are not acknowledged one by one: its policy.</param>
/// <param name="Failure">It did not say; the operation is that of whoever asked first.</param>
internal readonly record struct ConsumerAnswer(KnownConsumer? Known = null, string? OtherPolicy = null, Error? Failure = null);
