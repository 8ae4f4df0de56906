# %%
from keras.layers import Input, Embedding, LSTM, Dense, merge, TimeDistributed, Bidirectional, Masking
from keras.layers.merge import concatenate, add, Concatenate
from keras.models import Model
import keras
import numpy as np

main_input = Input(shape=(20,), dtype='int32', name='main_input')
x = Embedding(output_dim=16, input_dim=100, input_length=20)(main_input)
lstm_out = LSTM(8, consume_less='gpu', dropout_W=0.2, dropout_U=0.2)(x)
auxiliary_output = Dense(1, activation='sigmoid', name='aux_output')(lstm_out)
auxiliary_input = Input(shape=(5,), name='aux_input')
x = merge([lstm_out, auxiliary_input], mode='concat', concat_axis=-1, name='both')
x = Dense(16, activation='relu', init='glorot_normal')(x)
main_output = Dense(1, activation='sigmoid', name='main_output')(x)
model = Model(input=[main_input, auxiliary_input], output=[main_output, auxiliary_output])
# %%
model.compile(optimizer='rmsprop',
              loss={'main_output': 'binary_crossentropy', 'aux_output': 'binary_crossentropy'},
              loss_weights={'main_output': 1., 'aux_output': 0.2}, metrics=['accuracy'])
headline = np.random.randint(1, 100, (300, 20))
extra, labels = np.random.rand(300, 5), np.random.randint(0, 2, (300, 1))
hist = model.fit({'main_input': headline, 'aux_input': extra},
          {'main_output': labels, 'aux_output': labels}, nb_epoch=50, batch_size=32, validation_split=0.1)
print(sorted(hist.history.keys()))
print(hist.history['main_output_acc'][-1], hist.history['val_aux_output_loss'][-1])
# %%
loss, main_loss, aux_loss, main_acc, aux_acc = model.evaluate([headline, extra], [labels, labels], verbose=0)
print('main', main_acc)
p_main, p_aux = model.predict([headline, extra])
from keras.utils.visualize_util import plot
plot(model, to_file='model.png', show_shapes=True)
from keras.utils.layer_utils import layer_from_config
print(model.get_config()['layers'][0]['class_name'])
print(model.inputs[0]._keras_shape, model.count_params())
