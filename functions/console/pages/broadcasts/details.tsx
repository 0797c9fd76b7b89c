import { Count, Id, KeyValue, Section, When } from '../../parts/index.ts';
import { linkTo } from '../../router.ts';
import { nameIn, useSegments, useTopics } from '../audience/choices.ts';
import type { Broadcast } from './answers.ts';

/** The content, the recipients and the times of a broadcast. */
export function Details({ broadcast }: { broadcast: Broadcast }) {
  const [segments, topics] = [useSegments(), useTopics()];
  const { id, from, subject, reply_to, segment_id, topic_id, list, created_at, scheduled_at, sent_at } = broadcast;
  return (
    <Section title="Details">
      <KeyValue
        list={[
          ['From', from],
          ['Subject', subject],
          ['Replies to', reply_to?.join(', ')],
          [
            'To',
            segment_id ? (
              <a href={linkTo('audience', 'segments', segment_id)}>{nameIn(segments.value, segment_id)}</a>
            ) : (
              list && (
                <>
                  own list, <Count value={list.total} unit="recipient" />
                </>
              )
            ),
          ],
          ['Topic', topic_id && <a href={linkTo('audience', 'topics')}>{nameIn(topics.value, topic_id)}</a>],
          ['Created', <When key="created" iso={created_at} absolute />],
          ['Scheduled for', scheduled_at && <When iso={scheduled_at} absolute />],
          ['Ended', sent_at && <When iso={sent_at} absolute />],
          ['Id', <Id key="id" value={id} />],
        ]}
      />
    </Section>
  );
}
